"""The items of one commit while they are put together."""

from tertulia.adapters.stores.documents import values
from tertulia.adapters.stores.documents.service import MOST_ITEMS, Change, Entry, Key
from tertulia.core import stored

_OFTEN_TAKEN = 50
"""Items that a commit has beside those of reminders, at most."""


class Items:
    """What is written and removed. pieces: to be written before."""

    def __init__(self) -> None:
        self.rev = values.token()
        self.pieces: list[Entry] = []
        self._items: dict[Key, bytes | None] = {}

    def put(self, part: str, name: str, value: bytes = b"1") -> None:
        """Write a small value."""
        self._items[part, name] = value

    def drop(self, part: str, name: str) -> None:
        """Remove an item."""
        self._items[part, name] = None

    def pack(
        self, part: str, name: str, value: bytes, *, stem: str = "", pieces_in: str = ""
    ) -> None:
        """Write a value of any size, as `packed` does it."""
        stem, pieces_in = stem or f"x{values.token()}", pieces_in or part
        entry, pieces = values.packed(part, name, value, stem=stem, pieces_in=pieces_in)
        self._items[part, name] = entry[2]
        self.pieces += pieces

    def discard(self, known: str) -> None:
        """Note that a part is to be removed, if need be by another process."""
        self.put(values.GARBAGE, known)

    def as_change(self, part: str, seen: str | None, head: bytes | None) -> Change:
        """Return the whole of it. part: of the head. seen, head: as in `Change`.

        Raises:
            StoreUnavailable: it is more than one transaction can carry (T941).
        """
        if len(self._items) >= MOST_ITEMS:
            raise stored.refusal(
                "T941",
                "this write changes too many reminders at once",
                hint=f"Set or cancel fewer than {MOST_ITEMS - _OFTEN_TAKEN} at a time.",
                retry=False,
            )
        return Change(
            part=part,
            seen=seen,
            rev=self.rev,
            head=head,
            puts=[(*key, value) for key, value in self._items.items() if value is not None],
            drops=[key for key, value in self._items.items() if value is None],
        )
