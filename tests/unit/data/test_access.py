"""Keys of programs and limits, as endpoints.yml says them."""

from pathlib import Path

import pytest

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.endpoints import read_endpoints
from tertulia.schema.access import ApiKey, Limits
from tertulia.schema.endpoints import Endpoints

LONG = "0123456789abcdef"
ENV = {"LONG": LONG, "OTHER": LONG[::-1]}


def read(folder: Path, text: str) -> tuple[Endpoints, list[str]]:
    path = folder / "endpoints.yml"
    path.write_text(text, encoding="utf-8")
    diagnostics = Diagnostics()
    found = read_endpoints(path, env=ENV, diagnostics=diagnostics)
    return found, [f"{each.code} {each.message}" for each in diagnostics.errors]


def test_keys_come_from_variables_and_never_show(tmp_path: Path) -> None:
    text = """
api_keys:
- name: dashboard
  key: ${LONG}
  scopes: [read]
- name: shop
  key: ${OTHER}
  scopes: [read, converse]
  conversations: shop-
"""
    found, problems = read(tmp_path, text)
    assert problems == []
    shown, shop = found.api_keys
    assert isinstance(shown, ApiKey)
    assert (shown.key.reveal(), shown.scopes, shown.conversations) == (LONG, ["read"], "")
    assert (shop.scopes, shop.conversations) == (["read", "converse"], "shop-")
    assert LONG not in repr(found)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("api_keys: [{name: a, key: short, scopes: [read]}]", "T129"),
        (f"api_keys: [{{name: a, key: {LONG}, scopes: []}}]", "T139"),
        (f"api_keys: [{{name: a, key: {LONG}, scopes: [rood]}}]", "T139"),
        (f"api_keys: [{{name: a, key: {LONG}, scopes: [read], prefix: x}}]", "T139"),
        (f"api_keys: [{{name: '', key: {LONG}, scopes: [read]}}]", "T139"),
        ("api_keys: [{name: a, scopes: [read]}]", "T139"),
        ("api_keys: yes", "T139"),
        ("limits: {turns: 0}", "T139"),
        ("limits: {body: 5}", "T139"),
        ("limits: {body_seconds: soon}", "T139"),
    ],
)
def test_what_no_key_and_no_limit_can_be_is_refused(tmp_path: Path, text: str, code: str) -> None:
    _, problems = read(tmp_path, text)
    assert [problem[:4] for problem in problems] == [code]
    assert LONG not in "".join(problems)


@pytest.mark.parametrize(("name", "key"), [("a", LONG[::-1]), ("b", LONG)])
def test_two_keys_share_neither_name_nor_text(tmp_path: Path, name: str, key: str) -> None:
    entry = "- {{name: {}, key: {}, scopes: [read]}}\n"
    text = "api_keys:\n" + entry.format("a", LONG) + entry.format(name, key)
    _, problems = read(tmp_path, text)
    assert [problem[:4] for problem in problems] == ["T129"]


def test_limits_that_are_not_named_stay_as_they_are(tmp_path: Path) -> None:
    found, problems = read(tmp_path, "limits: {turns: 5, body_seconds: 1.5}")
    assert problems == []
    assert found.limits == Limits(turns=5, body_seconds=1.5)
