"""What `/metrics` shows, and to whom."""

from prometheus_client.parser import text_string_to_metric_families
from tests.http.conftest import Profile, connect

from tertulia.base.secret import Secret

TOKEN = Secret("let-me-in")


def samples(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = [value for _, value in sorted(sample.labels.items())]
            found[" ".join([sample.name, *labels])] = sample.value
    return found  # fmt: skip


async def test_figures_of_turns_answers_and_the_model_are_shown(profile: Profile) -> None:
    async with connect(profile) as client:
        await client.post("/webhooks/rest/webhook", {"sender": "secret-name", "message": "hello"})
        await client.get("/nowhere")
        answer = await client.get("/metrics")
    found = samples(answer.text)
    assert answer.headers["content-type"].startswith("text/plain")
    assert found["tertulia_http_requests_total POST 200"] == 1
    assert found["tertulia_http_errors_total T812"] == 1
    assert found["tertulia_model_loaded"] == 1
    assert found["tertulia_model_age_seconds"] > 0
    assert found["tertulia_turns_running"] == 0
    assert "secret-name" not in answer.text


async def test_figures_are_for_those_who_may_read(profile: Profile) -> None:
    async with connect(profile, auth_token=TOKEN) as client:
        assert (await client.get("/metrics")).status_code == 401
        assert (await client.get(f"/metrics?token={TOKEN.reveal()}")).status_code == 200


async def test_figures_can_be_opened_to_everybody(profile: Profile) -> None:
    async with connect(profile, auth_token=TOKEN, public_metrics=True) as client:
        assert (await client.get("/metrics")).status_code == 200


async def test_without_the_api_figures_are_shown_only_when_opened(profile: Profile) -> None:
    async with connect(profile, enable_api=False) as client:
        assert (await client.get("/metrics")).status_code == 404
    async with connect(profile, enable_api=False, public_metrics=True) as client:
        assert (await client.get("/metrics")).status_code == 200
