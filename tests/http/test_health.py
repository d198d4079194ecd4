"""Live is not ready: what each probe looks at."""

import pytest
from litestar import Litestar
from tests.http.bot import build_service
from tests.http.conftest import Client, Profile, connect

from tertulia.base.errors import StoreUnavailable
from tertulia.core.domain.model import Generation

READY = {"status": "ok", "store": "ok", "model": "ok", "accepting": "ok"}


@pytest.mark.parametrize("enable_api", [True, False])
async def test_both_probes_answer_everybody(profile: Profile, enable_api: bool) -> None:
    async with connect(profile, enable_api=enable_api) as client:
        assert (await client.get("/health/live")).json() == {"status": "ok"}
        assert (await client.get("/health/ready")).json() == READY


async def not_ready(client: Client, part: str) -> None:
    answer = await client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json() == {**READY, "status": "failed", part: "failed"}
    assert (await client.get("/health/live")).status_code == 200


async def test_a_server_whose_store_does_not_answer_is_not_ready(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(**_: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(client.service.store, "list_conversations", refuse)
    await not_ready(client, "store")


async def test_a_server_that_is_about_to_end_is_not_ready(client: Client) -> None:
    assert isinstance(client.app.app, Litestar)
    client.app.app.state.served.stopping.begin()
    await not_ready(client, "accepting")


async def test_a_server_without_the_model_it_expects_is_not_ready(client: Client) -> None:
    client.service.keeper.assistant = None
    await not_ready(client, "model")


async def test_a_server_that_was_started_without_a_model_is_ready(profile: Profile) -> None:
    service = build_service(Generation(profile), with_model=False)
    async with connect(profile, service=service) as client:
        assert (await client.get("/health/ready")).json() == READY
