from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tertulia.adapters.stores.sqlite import SqliteStore


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(tmp_path / "conversations.db", busy_timeout=0.05)
    yield opened
    await opened.close()
