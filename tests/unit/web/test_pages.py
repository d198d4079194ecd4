"""The chat page's files, and what they promise to the content security policy."""

import re
from hashlib import sha256

import pytest

from tertulia.web.pages import (
    ASSET_NAMES,
    CONTENT_SECURITY_POLICY,
    PAGE,
    SECURITY_HEADERS,
    asset,
)


def _text(name: str) -> str:
    found = asset(name)
    assert found is not None
    return found.body.decode()


@pytest.mark.parametrize("name", ASSET_NAMES)
def test_every_file_of_the_table_is_there_with_a_tag_of_its_content(name: str) -> None:
    found = asset(name)
    assert found is not None
    assert found.body
    assert found.etag == sha256(found.body).hexdigest()[:16]


def test_the_page_is_sent_as_html() -> None:
    found = asset(PAGE)
    assert found is not None
    assert found.media_type == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    "name",
    ["", "..", "../pages.py", "static/chat.html", "/etc/hosts", "chat.html/", "CHAT.HTML"],
)
def test_a_name_outside_the_table_is_no_file(name: str) -> None:
    assert asset(name) is None


def test_a_file_is_read_once() -> None:
    assert asset("chat.js") is asset("chat.js")


def test_the_page_has_no_inline_script_style_or_handler() -> None:
    html = _text(PAGE)
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", html) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", html) == []


def test_the_page_refers_to_its_own_files_only_and_relatively() -> None:
    addresses = re.findall(r'(?:href|src)="([^"]*)"', _text(PAGE))
    assert addresses
    assert {address.removeprefix("chat/") for address in addresses} <= set(ASSET_NAMES)
    assert all(address.startswith("chat/") for address in addresses)


@pytest.mark.parametrize("name", [name for name in ASSET_NAMES if name.endswith(".js")])
def test_scripts_import_only_their_neighbours(name: str) -> None:
    imported = re.findall(r'\bfrom "([^"]*)"', _text(name))
    assert all(address.startswith("./") for address in imported)
    assert {address.removeprefix("./") for address in imported} <= set(ASSET_NAMES)


@pytest.mark.parametrize("name", [name for name in ASSET_NAMES if name.endswith(".js")])
def test_scripts_never_turn_a_string_into_markup_or_code(name: str) -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    assert re.findall(forbidden, _text(name)) == []


def test_the_policy_allows_nothing_by_default_and_nothing_unsafe() -> None:
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none'; ")
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert SECURITY_HEADERS["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
