"""What a tracker store on a server has to do about the model that its servers agree on."""

import asyncio
from pathlib import Path

from tertulia.core.agreed import Agreed, AgreedModel, AgreeingStore, NamedModel
from tertulia.core.ports import TrackerStore
from tertulia.testing.store_case import StoreCase

_FIRST = Agreed(number=1, served=NamedModel("ñ😀.tar.gz", "0" * 64))
_SECOND = Agreed(number=2, served=None, previous=_FIRST.served)


def agreed_of(store: TrackerStore) -> AgreedModel:
    """Return what the store keeps."""
    assert isinstance(store, AgreeingStore)
    return store.agreed


class AgreedSuite(StoreCase):
    """One decision follows another, for all servers that share the store."""

    async def test_nothing_is_agreed_at_first(self, store: TrackerStore) -> None:
        """And the first decision has the number 1."""
        assert await agreed_of(store).read() is None
        assert not await agreed_of(store).write(_SECOND)
        assert await agreed_of(store).read() is None

    async def test_all_servers_read_what_one_has_decided(
        self, store: TrackerStore, tmp_path: Path
    ) -> None:
        """Also that there shall be no model."""
        other = await self.make_store(tmp_path)
        for decision in (_FIRST, _SECOND):
            assert await agreed_of(store).write(decision)
            assert await agreed_of(other).read() == decision
        await other.close()

    async def test_a_decision_that_did_not_know_the_last_one_is_refused(
        self, store: TrackerStore
    ) -> None:
        """It changes nothing."""
        agreed = agreed_of(store)
        await agreed.write(_FIRST)
        assert not await agreed.write(Agreed(number=1, served=None))
        assert not await agreed.write(Agreed(number=3, served=None))
        assert await agreed.read() == _FIRST

    async def test_of_many_who_decide_at_once_one_succeeds(
        self, store: TrackerStore, tmp_path: Path
    ) -> None:
        """Also of those who decide first of all."""
        stores = [store, await self.make_store(tmp_path)]
        for number in (1, 2):
            decisions = [
                Agreed(number=number, served=NamedModel(str(n), f"{n:064x}")) for n in range(8)
            ]
            done = await asyncio.gather(
                *(agreed_of(stores[n % 2]).write(each) for n, each in enumerate(decisions))
            )
            assert done.count(True) == 1
            assert await agreed_of(store).read() == decisions[done.index(True)]
        await stores[1].close()
