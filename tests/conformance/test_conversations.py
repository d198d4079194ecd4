"""Recorded conversations give the same answers, events and next actions."""

from collections.abc import Iterator
from typing import Any

import pytest

from tertulia.server.settings import ServerSettings

from .bots import FOLDER, modern_bot, served
from .replay import conversations, replay

SETTINGS = ServerSettings(enable_api=True)
RECORDINGS = FOLDER / "modern" / "recordings"


@pytest.mark.parametrize("bot", ["mood", "mem"])
async def test_recorded_conversations_are_reproduced(bot: str, scores: list[str]) -> None:
    async with served(modern_bot(bot), SETTINGS) as client:
        score = await replay(RECORDINGS / f"conversations_{bot}.jsonl", client)
    scores.append(str(score))
    assert not score.differences, "\n".join([str(score), *map(str, score.differences[:5])])


async def test_rules_and_memory_decide_as_recorded_beside_learned_policies(
    scores: list[str],
) -> None:
    total, wrong = 0, list[str]()
    async with served(modern_bot("mem_ted"), SETTINGS) as client:
        for record in conversations(RECORDINGS / "conversations_mem_ted.jsonl"):
            for before, decided in certain_decisions(record["tracker"]["events"]):
                answer = await client.post("/model/predict", json=before)
                best = max(answer.json()["scores"], key=lambda each: each["score"])
                total += 1
                if (best["action"], answer.json()["policy"]) != (
                    decided["name"],
                    decided["policy"],
                ):
                    wrong.append(f"{record['id']}: wanted {decided}, got {best}")
    scores.append(f"conversations_mem_ted: rules and memory {total - len(wrong)}/{total}")
    assert not wrong, "\n".join(wrong[:5])


def certain_decisions(
    events: list[dict[str, Any]],
) -> Iterator[tuple[list[dict[str, Any]], dict[str, Any]]]:
    """Yield what a rule or memory decided, and the events it saw."""
    plain = [{**event, "timestamp": index + 1.0} for index, event in enumerate(events)]
    for index, event in enumerate(plain):
        by = event.get("policy") in ("MemoizationPolicy", "RulePolicy")
        if event["event"] == "action" and by and event["confidence"] == 1.0:
            before = plain[:index]
            if before[-1]["event"] == "user_featurization":
                before = before[:-1]
            yield before, event
