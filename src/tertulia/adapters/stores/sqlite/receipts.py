"""Receipts as rows."""

import sqlite3

import msgspec

from tertulia.core.ports import KEPT_RECEIPTS, Receipt

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Receipt).decode


def keep(connection: sqlite3.Connection, sender_id: str, receipt: Receipt) -> None:
    """Keep a receipt, and the newest of the others."""
    connection.execute(
        "INSERT OR REPLACE INTO receipts (sender_id, key, version, body) VALUES (?, ?, ?, ?)",
        (sender_id, receipt.key, receipt.version, _encode(receipt)),
    )
    connection.execute(
        "DELETE FROM receipts WHERE sender_id = :id AND key IN (SELECT key FROM receipts"
        " WHERE sender_id = :id ORDER BY version DESC LIMIT -1 OFFSET :kept)",
        {"id": sender_id, "kept": KEPT_RECEIPTS},
    )


def find(connection: sqlite3.Connection, sender_id: str, key: str) -> Receipt | None:
    """Return the receipt with this key."""
    row = connection.execute(
        "SELECT body FROM receipts WHERE sender_id = ? AND key = ?", (sender_id, key)
    ).fetchone()
    if row is None:
        return None
    try:
        return _decode(row[0])
    except msgspec.MsgspecError as error:
        # As the driver tells of a damaged file: the transaction ends, the threads live on.
        raise sqlite3.DatabaseError(f"a stored receipt is damaged: {error}") from error
