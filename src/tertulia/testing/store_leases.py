"""What a tracker store on a server has to do about leases: one holder at a time, and successors."""

import asyncio
from pathlib import Path

from tertulia.core.leases import LeaseKeeper, SharedStore
from tertulia.core.ports import TrackerStore
from tertulia.testing.store_case import StoreCase


def leases_of(store: TrackerStore) -> LeaseKeeper:
    """Return the store's leases."""
    assert isinstance(store, SharedStore)
    return store.leases


async def take_soon(leases: LeaseKeeper, name: str, holder: str) -> int:
    """Return the token of a lease, which is asked for until it is had."""
    while True:
        token = await leases.take(name, holder, seconds=60.0)
        if token is not None:
            return token
        await asyncio.sleep(0.05)


class LeaseSuite(StoreCase):
    """Stores that several servers share give each duty to one of them."""

    async def test_a_lease_has_one_holder_among_servers(
        self, store: TrackerStore, tmp_path: Path
    ) -> None:
        """The token is the same for as long as it is renewed."""
        other = await self.make_store(tmp_path)
        token = await leases_of(store).take("relay", "a", seconds=60.0)
        assert token is not None
        assert await leases_of(other).take("relay", "b", seconds=60.0) is None
        assert await leases_of(store).take("relay", "a", seconds=60.0) == token
        await other.close()

    async def test_duties_are_given_apart(self, store: TrackerStore) -> None:
        """Their names are any text, compared as it is."""
        leases = leases_of(store)
        assert await leases.take("relay", "a", seconds=60.0) is not None
        assert await leases.take("Relay", "b", seconds=60.0) is not None
        assert await leases.take("überwacht 😀", "c", seconds=60.0) is not None

    async def test_a_dropped_lease_is_free_at_once_under_a_greater_token(
        self, store: TrackerStore
    ) -> None:
        """Also for whoever had it."""
        leases = leases_of(store)
        first = await leases.take("relay", "a", seconds=60.0) or 0
        await leases.drop("relay", "b")
        assert await leases.take("relay", "b", seconds=60.0) is None
        await leases.drop("relay", "a")
        second = await leases.take("relay", "b", seconds=60.0) or 0
        await leases.drop("relay", "b")
        third = await leases.take("relay", "b", seconds=60.0) or 0
        assert 0 < first < second < third

    async def test_a_lease_that_is_not_renewed_passes_on(self, store: TrackerStore) -> None:
        """Its former holder is refused."""
        leases = leases_of(store)
        first = await leases.take("relay", "a", seconds=0.2) or 0
        async with asyncio.timeout(30):
            second = await take_soon(leases, "relay", "b")
        assert 0 < first < second
        assert await leases.take("relay", "a", seconds=60.0) is None

    async def test_of_many_who_ask_at_once_one_has_it(
        self, store: TrackerStore, tmp_path: Path
    ) -> None:
        """Also for a name that nobody has asked for before."""
        stores = [store, await self.make_store(tmp_path)]
        asked = [
            leases_of(stores[n % 2]).take("relay", f"holder {n}", seconds=60.0) for n in range(12)
        ]
        tokens = await asyncio.gather(*asked)
        assert len([token for token in tokens if token is not None]) == 1
        await stores[1].close()
