"""Names of keys, and the bytes by which reminders are in order.

Source: spec endpoints.md section 6 (redis: the keys of the originals).
"""

from tertulia.core.reminders import Reminder
from tertulia.core.stored import ordinal

Keys = tuple[bytes, ...]


class Names:
    """Our keys begin with the configured prefix and `tertulia:`; the originals' do not."""

    def __init__(self, prefix: str | None) -> None:
        self._prefix = f"{prefix}:" if prefix else ""
        self.ids = self._own("ids")
        self.due = self._own("due")
        self.reminders = self._own("reminders")
        self.feed = self._own("feed")
        self.feed_end = self._own("feed-end")
        self.erased = self._own("erased")
        self.cursors = self._own("cursors")
        self.agreed = self._own("agreed")
        self.heads = self._own("head", "").decode()

    def of(self, sender_id: str) -> Keys:
        """Return the keys of a conversation, in the order that scripts know them by.

        1 head, 2 events, 3 snapshots, 4 receipts, 5 their order, 6 ids, 7 due, 8 reminders,
        9 reminders of the conversation, 10 and 11 where the originals keep it, 12 the feed, 13 its
        end, 14 the conversation's places in it, 15 notes of erasures, 16 cursors.
        """
        return (
            self._own("head", sender_id),
            self._own("events", sender_id),
            self._own("snapshots", sender_id),
            self._own("receipts", sender_id),
            self._own("receipt-order", sender_id),
            self.ids,
            self.due,
            self.reminders,
            self._own("scheduled", sender_id),
            f"{self._prefix}tracker:{sender_id}".encode(),
            sender_id.encode(),
            self.feed,
            self.feed_end,
            self._own("places", sender_id),
            self.erased,
            self.cursors,
        )

    def of_feed(self, sender_id: str) -> Keys:
        """Return the keys that a reader of the feed needs.

        1 feed, 2 and 3 what begins the names of heads and events, 4 notes of erasures, 5 the
        places of this conversation.
        """
        return (
            self.feed,
            self._own("head", ""),
            self._own("events", ""),
            self.erased,
            self._own("places", sender_id),
        )

    def of_lease(self, name: str) -> Keys:
        """Return the keys of a lease and of the counter of its tokens."""
        return self._own("lease", name), self._own("lease-token", name)

    @property
    def originals(self) -> bytes:
        """Begins the keys of newer originals; the id follows."""
        return f"{self._prefix}tracker:".encode()

    def _own(self, *parts: str) -> bytes:
        return (self._prefix + ":".join(("tertulia", *parts))).encode()


def order_of(reminder: Reminder) -> bytes:
    """Return bytes that are in the order of due, sender_id, name, and tell reminders apart."""
    # UTF-8 has no byte 0xFF, so an id is never taken for the beginning of a longer one.
    sender = reminder.sender_id.encode().replace(b"\x00", b"\x00\xff")
    return ordinal(reminder.due).to_bytes(8, "big") + sender + b"\x00" + reminder.name.encode()
