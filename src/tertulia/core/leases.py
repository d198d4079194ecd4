"""Which one of several servers that share a store does what only one may do. Protocols only."""

from typing import Protocol, runtime_checkable


class LeaseKeeper(Protocol):
    """Gives a duty to one holder at a time, for a while, by the clock of the store's server.

    Whoever holds a lease takes it again before it runs out. One that has died is replaced when
    it has run out. A lease is a promise about time only: what must not happen twice needs the
    store's own check beside it (an expected version, or the token).
    """

    async def take(self, name: str, holder: str, *, seconds: float) -> int | None:
        """Take or renew a lease for so long from now on; None while somebody else holds it.

        holder: a name that no other process ever had. Return the lease's token: the same as
        long as it is renewed in time, and a greater one each time that it is taken anew.

        Raises:
            StoreUnavailable: the store did not answer; it is not known to be taken.
        """
        ...

    async def drop(self, name: str, holder: str) -> None:
        """Let others take it at once. Nothing happens when somebody else holds it.

        Raises:
            StoreUnavailable: the store did not answer.
        """
        ...


@runtime_checkable
class SharedStore(Protocol):
    """A tracker store on a server that several of ours may share."""

    @property
    def leases(self) -> LeaseKeeper:
        """Return what gives duties to one of them."""
        ...
