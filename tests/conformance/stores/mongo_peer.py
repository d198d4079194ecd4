"""A stand-in for a MongoDB replica set of one server, in memory: no mongod can be had here.

It speaks the real protocol (OP_MSG, and the old OP_QUERY for the first hello) over TCP, so that
the real driver is exercised over the wire. It knows what the store uses and nothing else: hello,
find, insert, update, delete and transactions. Values compare as in MongoDB where they are of one
type. In transactions, the second writer of a document is refused with WriteConflict, as there.
What it cannot show: durability, failover, what a server checks of its own, speed.
"""

import asyncio
import contextlib
import struct
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from typing import Any

import bson

Document = dict[str, Any]
Key = tuple[str, bytes]
"""Collection, and `_id` in BSON."""

_OP_MSG, _OP_QUERY, _OP_REPLY = 2013, 2004, 1
_CONFLICT = {
    "code": 112,
    "codeName": "WriteConflict",
    "errmsg": "Write conflict",
    "errorLabels": ["TransientTransactionError"],
}
_GIVEN_UP = {
    "code": 251,
    "codeName": "NoSuchTransaction",
    "errmsg": "Transaction has been aborted",
    "errorLabels": ["TransientTransactionError"],
}
_LIFETIME = 1.0
"""Seconds after which a transaction is given up, 60 on a real server."""

_LARGEST = 16 * 1024 * 1024


class Refused(Exception):
    """Answered as an error of the command."""

    def __init__(self, answer: Document) -> None:
        super().__init__(answer["errmsg"])
        self.answer = {"ok": 0.0, **answer}


class _Transaction:
    """What is written, beside what was committed when it began."""

    def __init__(self, began: int) -> None:
        self.began = began
        self.ends = time.monotonic() + _LIFETIME
        self.written: dict[Key, Document | None] = {}


class MongoPeer:
    """One server; `seen` counts commands by name. alone: not a replica set."""

    def __init__(self, *, alone: bool = False) -> None:
        self._alone = alone
        self._collections: dict[str, dict[bytes, Document]] = {}
        self._ordered: dict[str, list[tuple[Any, bytes]]] = {}
        self._changed: dict[Key, int] = {}
        self._clock = 0
        self._open: dict[bytes, _Transaction] = {}
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.seen: dict[str, int] = {}
        self._commands: dict[str, Callable[[Document], Document]] = {
            "hello": self._hello,
            "ismaster": self._hello,
            "isMaster": self._hello,
            "ping": lambda _: {},
            "endSessions": lambda _: {},
            "find": self._find,
            "insert": self._insert,
            "update": self._update,
            "delete": self._delete,
            "commitTransaction": self._commit,
            "abortTransaction": self._abort,
        }

    async def start(self) -> tuple[str, int]:
        """Listen on a port of its own; return the address."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return "127.0.0.1", self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more, and end all connections."""
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length, asked, _, kind = struct.unpack("<iiii", await reader.readexactly(16))
                body = await reader.readexactly(length - 16)
                writer.write(self._reply(asked, kind, body))
                await writer.drain()
        writer.transport.abort()

    def _reply(self, asked: int, kind: int, body: bytes) -> bytes:
        if kind == _OP_QUERY:
            end = body.index(b"\0", 4)
            answer = bson.encode(self._answer(bson.decode(body[end + 9 :])))
            head = struct.pack("<iqii", 8, 0, 0, 1)
            return struct.pack("<iiii", 16 + 20 + len(answer), 0, asked, _OP_REPLY) + head + answer
        assert kind == _OP_MSG
        answer = bson.encode(self._answer(_command(body)))
        return struct.pack("<iiiiIB", 21 + len(answer), 0, asked, _OP_MSG, 0, 0) + answer

    def _answer(self, command: Document) -> Document:
        name = next(iter(command))
        self.seen[name] = self.seen.get(name, 0) + 1
        perform = self._commands.get(name)
        if perform is None:
            return {"ok": 0.0, "code": 59, "errmsg": f"no such command: '{name}'"}
        try:
            return {**perform(command), "ok": 1.0}
        except Refused as refused:
            return refused.answer

    def _hello(self, _: Document) -> Document:
        known: Document = {
            "isWritablePrimary": True,
            "ismaster": True,
            "maxBsonObjectSize": _LARGEST,
            "maxMessageSizeBytes": 48_000_000,
            "maxWriteBatchSize": 100_000,
            "minWireVersion": 0,
            "maxWireVersion": 21,
            "readOnly": False,
            "logicalSessionTimeoutMinutes": 30,
            "connectionId": 1,
        }
        if not self._alone:
            known |= {"setName": "rs0", "setVersion": 1, "secondary": False, "hosts": []}
        return known

    def _find(self, command: Document) -> Document:
        where = f"{command['$db']}.{command['find']}"
        inside = self._transaction(command)
        keys = self._matching(where, command.get("filter", {}), inside)
        found = [self._collections[key[0]][key[1]] for key in keys]
        for field, direction in reversed(list(command.get("sort", {}).items())):
            found.sort(key=lambda each: _order(each[field]), reverse=direction < 0)
        limit = command.get("limit", 0)
        return {"cursor": {"id": 0, "ns": where, "firstBatch": found[: limit or None]}}

    def _insert(self, command: Document) -> Document:
        inside, where = self._transaction(command), f"{command['$db']}.{command['insert']}"
        for document in command["documents"]:
            key = (where, bson.encode({"_id": document["_id"]}))
            if self._current(key, inside) is not None:
                error = {"index": 0, "code": 11000, "errmsg": "E11000 duplicate key"}
                return {"n": 0, "writeErrors": [error]}
            self._write(key, document, inside)
        return {"n": len(command["documents"])}

    def _update(self, command: Document) -> Document:
        inside, where = self._transaction(command), f"{command['$db']}.{command['update']}"
        matched, upserted = 0, []
        for n, update in enumerate(command["updates"]):
            assert not any(name.startswith("$") for name in update["u"])
            keys = self._matching(where, update["q"], inside)
            if keys:
                matched += 1
                known = bson.decode(keys[0][1])["_id"]
                self._write(keys[0], {"_id": known, **update["u"]}, inside)
            elif update.get("upsert"):
                known = update["q"]["_id"]
                key = (where, bson.encode({"_id": known}))
                self._write(key, {"_id": known, **update["u"]}, inside)
                upserted.append({"index": n, "_id": known})
        done = {"n": matched + len(upserted), "nModified": matched}
        return {**done, "upserted": upserted} if upserted else done

    def _delete(self, command: Document) -> Document:
        inside, where = self._transaction(command), f"{command['$db']}.{command['delete']}"
        count = 0
        for delete in command["deletes"]:
            keys = self._matching(where, delete["q"], inside)
            for key in keys[: delete["limit"] or None]:
                self._write(key, None, inside)
                count += 1
        return {"n": count}

    def _commit(self, command: Document) -> Document:
        inside = self._open.pop(_session(command), None)
        if inside is None:
            raise Refused(_GIVEN_UP)
        for key, document in inside.written.items():
            self._keep(key, document)
        return {}

    def _abort(self, command: Document) -> Document:
        self._open.pop(_session(command), None)
        return {}

    def _transaction(self, command: Document) -> _Transaction | None:
        if "autocommit" not in command:
            return None
        if self._alone:
            message = "Transaction numbers are only allowed on a replica set member or mongos"
            raise Refused({"code": 20, "errmsg": message})
        if command.get("startTransaction"):
            self._open[_session(command)] = _Transaction(self._clock)
        known = self._open.get(_session(command))
        if known is None:
            raise Refused(_GIVEN_UP)
        return known

    def _matching(self, where: str, query: Document, inside: _Transaction | None) -> list[Key]:
        known = query.get("_id")
        if isinstance(known, dict) and "$gt" not in known:
            keys = [(where, bson.encode({"_id": known}))]
        elif isinstance(known, dict):
            keys = [(where, each) for _, each in self._between(where, known)]
        else:
            keys = [(where, each) for each in self._collections.get(where, {})]
        found = [(key, self._current(key, inside)) for key in keys]
        return [key for key, each in found if each is not None and _matches(each, query)]

    def _between(self, where: str, bounds: Document) -> list[tuple[Any, bytes]]:
        ordered = self._ordered.get(where, [])
        start = bisect_right(ordered, _order(bounds["$gt"]), key=lambda each: each[0])
        stop = bisect_right(ordered, _order(bounds["$lte"]), key=lambda each: each[0])
        return ordered[start:stop]

    def _current(self, key: Key, inside: _Transaction | None) -> Document | None:
        if inside is not None and key in inside.written:
            return inside.written[key]
        return self._collections.get(key[0], {}).get(key[1])

    def _write(self, key: Key, document: Document | None, inside: _Transaction | None) -> None:
        if document is not None and len(bson.encode(document)) > _LARGEST:
            raise Refused({"code": 10334, "errmsg": "BSONObj size is invalid"})
        now = time.monotonic()
        self._open = {known: each for known, each in self._open.items() if each.ends > now}
        busy = any(key in other.written for other in self._open.values() if other is not inside)
        if inside is None:
            self._keep(key, document)
            return
        if inside not in self._open.values():
            raise Refused(_GIVEN_UP)
        if busy or self._changed.get(key, 0) > inside.began:
            for known, each in list(self._open.items()):
                if each is inside:
                    del self._open[known]
            raise Refused(_CONFLICT)
        inside.written[key] = document

    def _keep(self, key: Key, document: Document | None) -> None:
        self._clock += 1
        self._changed[key] = self._clock
        collection = self._collections.setdefault(key[0], {})
        if document is None:
            collection.pop(key[1], None)
        else:
            collection[key[1]] = document
        known = bson.decode(key[1])["_id"]
        if isinstance(known, dict):
            ordered, each = self._ordered.setdefault(key[0], []), (_order(known), key[1])
            at = bisect_left(ordered, each)
            there = at < len(ordered) and ordered[at] == each
            if document is None and there:
                del ordered[at]
            elif document is not None and not there:
                ordered.insert(at, each)


def _command(body: bytes) -> Document:
    """Return the document of an OP_MSG, with its sequences of documents in place."""
    found: Document = {}
    at, end = 4, len(body) - (4 if body[0] & 1 else 0)
    while at < end:
        kind, at = body[at], at + 1
        (size,) = struct.unpack_from("<i", body, at)
        section, at = body[at : at + size], at + size
        if kind == 0:
            found = {**bson.decode(section), **found}
        else:
            stop = section.index(b"\0", 4)
            rows = bson.decode_all(section[stop + 1 :])
            found = {**found, section[4:stop].decode(): rows}
    return found


def _session(command: Document) -> bytes:
    return bson.encode({"lsid": command["lsid"], "n": command["txnNumber"]})


def _matches(document: Document, query: Mapping[str, Any]) -> bool:
    return all(_fits(document, name, wanted) for name, wanted in query.items())


def _fits(document: Document, name: str, wanted: Any) -> bool:
    there = name in document
    value = document.get(name)
    if isinstance(wanted, dict) and any(key.startswith("$") for key in wanted):
        tests: dict[str, Callable[[Any], bool]] = {
            "$gt": lambda bound: there and _order(value) > _order(bound),
            "$lte": lambda bound: there and _order(value) <= _order(bound),
            "$in": lambda several: value in several,
            "$exists": lambda wish: there == wish,
        }
        return all(tests[key](bound) for key, bound in wanted.items())
    return there and value == wanted


def _order(value: Any) -> Any:
    """Return what compares as MongoDB compares values of one type."""
    if isinstance(value, dict):
        return [(name, _order(each)) for name, each in value.items()]
    return value.encode() if isinstance(value, str) else value
