"""What of an address may stand in a log."""

import pytest

from tertulia.server.redact import redacted


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        (b"", ""),
        (b"include_events=ALL&until=5", "include_events=ALL&until=5"),
        (b"token=hidden&events=false", "token=***&events=false"),
        (b"hub.verify_token=hidden&q=private%20words", "hub.verify_token=***&q=***"),
        (b"until=a%0Ab", "until=a%0Ab"),
        (b"%0a=1", "%0A=***"),
        (b"token", "token=***"),
    ],
)
def test_values_are_shown_only_of_harmless_parameters(query: bytes, shown: str) -> None:
    assert redacted(query) == shown


def test_a_long_query_does_not_fill_the_log() -> None:
    assert len(redacted(b"a=" + b"&b=1" * 100_000)) < 5000
