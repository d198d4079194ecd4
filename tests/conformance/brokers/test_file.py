import json
from pathlib import Path

import pytest

from tertulia.adapters.brokers.file import FileEventBroker
from tertulia.core.brokers import EventBroker
from tertulia.schema.brokers import FileBroker
from tertulia.testing.event_broker import EventBrokerSuite, Received, told


def broker_at(path: Path) -> FileEventBroker:
    return FileEventBroker(FileBroker(path=str(path)))


class TestFile(EventBrokerSuite):
    async def make_broker(self, place: Path) -> EventBroker:
        return broker_at(place / "events.log")

    async def make_unreachable(self, place: Path) -> EventBroker:
        return broker_at(place / "no such folder" / "events.log")

    async def received(self, place: Path) -> list[Received]:
        lines = (place / "events.log").read_text(encoding="utf-8").split("\n")
        assert lines.pop() == ""
        return [Received(id=None, body=json.loads(line)) for line in lines]


@pytest.mark.parametrize("torn", ['{"half": ', "x" * 200_000])
async def test_a_line_that_was_left_half_written_is_taken_back(tmp_path: Path, torn: str) -> None:
    path = tmp_path / "events.log"
    path.write_text('{"whole": 1}\n' + torn, encoding="utf-8")
    await broker_at(path).publish(told("a", 1, 1))
    first, second, rest = path.read_text(encoding="utf-8").split("\n")
    assert (first, json.loads(second)["seq"], rest) == ('{"whole": 1}', 1, "")


async def test_the_file_may_be_moved_away(tmp_path: Path) -> None:
    path = tmp_path / "events.log"
    broker = broker_at(path)
    await broker.publish(told("a", 1, 1))
    path.rename(tmp_path / "old")
    await broker.publish(told("a", 2, 2))
    assert json.loads(path.read_text(encoding="utf-8"))["seq"] == 2


async def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    await broker_at(tmp_path / "events.log").publish(told("a", 1, 1))
    assert (tmp_path / "events.log").stat().st_mode & 0o777 == 0o600
