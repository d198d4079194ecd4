"""Pages for people: chat and the API's description."""

import pytest
from tests.http.conftest import Client

from tertulia.web import api_page, pages


@pytest.mark.parametrize("path", ["/chat", "/docs"])
async def test_a_page_is_sent_with_its_security_headers(client: Client, path: str) -> None:
    answer = await client.get(path)
    headers = {"/chat": pages.SECURITY_HEADERS, "/docs": api_page.SECURITY_HEADERS}[path]
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for name, value in headers.items():
        assert answer.headers[name] == value


@pytest.mark.parametrize("name", pages.ASSET_NAMES)
async def test_every_file_of_the_chat_page_is_served(client: Client, name: str) -> None:
    answer = await client.get(f"/chat/{name}")
    found = pages.asset(name)
    assert found is not None
    assert answer.content == found.body
    assert answer.headers["content-type"] == found.media_type


@pytest.mark.parametrize("name", api_page.ASSET_NAMES)
async def test_every_file_of_the_api_page_is_served(client: Client, name: str) -> None:
    found = api_page.asset(name)
    assert found is not None
    assert (await client.get(f"/docs/{name}")).content == found.body


@pytest.mark.parametrize("path", ["/chat/nope.js", "/chat/..%2Fpages.py", "/docs/chat.js"])
async def test_other_files_are_not_served(client: Client, path: str) -> None:
    assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize("path", ["/chat/chat.js", "/docs/api.js"])
async def test_a_file_that_is_known_is_not_sent_again(client: Client, path: str) -> None:
    tag = (await client.get(path)).headers["etag"]
    again = await client.get(path, headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == tag


async def test_the_chat_page_is_found_with_a_slash_behind_its_name(client: Client) -> None:
    answer = await client.get("/chat/", follow_redirects=False)
    assert answer.status_code == 308
    assert answer.headers["location"] == "../chat"
    assert (await client.get("/chat/", follow_redirects=True)).status_code == 200
