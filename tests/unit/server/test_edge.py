"""The access log, which is written at the edge."""

import logging

import pytest
from tests.http.conftest import connect

from tertulia.base.secret import Secret


async def test_neither_query_nor_message_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "tertulia")
    async with connect("modern", auth_token=Secret("hidden")) as client:
        await client.get("/conversations/u/tracker?token=hidden&until=5")
        body = {"sender": "u", "message": "private words"}
        await client.post("/webhooks/rest/webhook?token=hidden", body)
    logged = [r.getMessage() for r in caplog.records if r.name.startswith("tertulia")]
    assert any(line.startswith("GET /conversations/u/tracker 200 ") for line in logged)
    assert not any("hidden" in line or "private" in line for line in logged)


async def test_a_line_break_in_an_address_makes_no_new_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "tertulia.access")
    async with connect("modern") as client:
        await client.get("/conversations/a%0AGET%20%2F%20200/tracker")
    logged = [r.getMessage() for r in caplog.records if r.name == "tertulia.access"]
    assert len(logged) == 1
    assert "\n" not in logged[0]
