"""One trained bot, served once for each module of attacks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.target import Target, attacked
from tests.integration.programs import copied, run


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    bot: Path = copied("smalltalk", tmp_path_factory.mktemp("hostile"))
    assert run("train", "--fixed-model-name", "bot", folder=bot).status == 0
    with attacked(bot) as found:
        found.answers()
        yield found


@pytest.fixture(autouse=True)
def untouched(target: Target) -> Iterator[None]:
    """Hold after each attack that nothing was written around the bot and others are answered."""
    before = target.files()
    yield
    assert target.files() == before
    target.answers()
