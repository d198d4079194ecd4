"""The page of access is what the server does, and is written again when routes change."""

from tests.http.access_table import PAGE, outcomes, page, settings


async def test_the_page_of_access_is_what_the_server_does() -> None:
    protected = await outcomes(settings(protect_channels=True))
    written = PAGE.read_text(encoding="utf-8")
    assert written == page(await outcomes(settings()), protected), (
        "write it again: python -m tests.http.access_table"
    )
