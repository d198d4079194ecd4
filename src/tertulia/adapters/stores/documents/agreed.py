"""The agreed model as a head of its own part."""

from tertulia.adapters.stores.documents import values
from tertulia.adapters.stores.documents.service import Change, Service, committed
from tertulia.core.agreed import Agreed, pack_agreed, unpack_agreed

_PART = "agreed"


class DocumentAgreed:
    """See `AgreedModel`."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def read(self) -> Agreed | None:
        """Return what was decided last."""
        found = await self._service.head(_PART)
        return None if found is None else unpack_agreed(found[1])

    async def write(self, agreed: Agreed) -> bool:
        """Put a decision in place of the one before it."""
        found = await self._service.head(_PART)
        if (0 if found is None else unpack_agreed(found[1]).number) != agreed.number - 1:
            return False
        change = Change(
            part=_PART,
            seen=None if found is None else found[0],
            rev=values.token(),
            head=pack_agreed(agreed).encode(),
        )
        return await committed(self._service, change)
