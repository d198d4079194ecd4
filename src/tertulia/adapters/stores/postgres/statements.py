"""The SQL. Each reading statement sees one state; each writing one runs in a transaction.

Rows that another program has added to a conversation's `events` count too: a head that knows
`last_id` is at `version` plus the number of rows after it.
"""

from typing import NamedTuple

_HEAD = """WITH head AS (
   SELECT version, base, last_id FROM {s}tertulia_conversations WHERE sender_id = $1),
 now AS (SELECT coalesce((SELECT version FROM head), 0) + (
   SELECT count(*) FROM {s}events e WHERE e.sender_id COLLATE "C" = $1
   AND e.id > coalesce((SELECT last_id FROM head), 0)) AS version,
   coalesce((SELECT base FROM head), 0) AS base)"""
_BODIES = """ARRAY(SELECT data FROM {s}events WHERE sender_id COLLATE "C" = $1"""


class Statements(NamedTuple):
    """Every statement, for tables of one schema."""

    version: str = "{head} SELECT version FROM now"
    whole: str = "{head} SELECT version, {bodies} ORDER BY id) FROM now"
    tail: str = """{head},
 taken AS (SELECT version, body, last_id FROM {s}tertulia_snapshots
   WHERE sender_id = $1 AND fingerprint = $2 AND version <= (SELECT version FROM now) - $3
   ORDER BY version DESC LIMIT 1)
 SELECT now.version, {bodies} AND id > coalesce((SELECT last_id FROM taken), 0) ORDER BY id),
   taken.version, taken.body FROM now LEFT JOIN taken ON true"""
    page: str = """{head}, part AS (
   SELECT version, base, greatest($2::bigint - base, 0) AS skip,
     greatest(version - greatest($2::bigint, base), 0) AS rest FROM now)
 SELECT version, base, CASE WHEN skip < rest
   THEN {bodies} ORDER BY id OFFSET skip LIMIT $3)
   ELSE ARRAY(SELECT data FROM (
     SELECT id, data FROM {s}events WHERE sender_id COLLATE "C" = $1
     ORDER BY id DESC OFFSET greatest(rest - $3::bigint, 0) LIMIT least(rest, $3::bigint)
     ) e ORDER BY id) END
 FROM part"""
    heads_after: str = """SELECT sender_id FROM {s}tertulia_conversations
 WHERE sender_id > $1 ORDER BY sender_id LIMIT $2"""
    senders_after: str = """WITH RECURSIVE found AS (
   (SELECT sender_id FROM {s}events WHERE sender_id COLLATE "C" > $1
    ORDER BY sender_id COLLATE "C" LIMIT 1)
   UNION ALL
   SELECT (SELECT e.sender_id FROM {s}events e
     WHERE e.sender_id COLLATE "C" > found.sender_id COLLATE "C"
     ORDER BY e.sender_id COLLATE "C" LIMIT 1)
   FROM found WHERE found.sender_id IS NOT NULL)
 SELECT sender_id FROM found WHERE sender_id IS NOT NULL LIMIT $2"""
    reminders_after: str = """SELECT body FROM {s}tertulia_reminders
 WHERE (due, sender_id, name) > ($1, $2, $3) ORDER BY due, sender_id, name LIMIT $4"""
    lock: str = """WITH head AS MATERIALIZED (
   SELECT sender_id, version, base, last_id FROM {s}tertulia_conversations
   WHERE sender_id = ANY($1::text[]) ORDER BY sender_id FOR UPDATE)
 SELECT asked.id, head.sender_id IS NOT NULL, coalesce(head.version, 0) + foreign_rows.count,
   coalesce(head.base, 0), greatest(coalesce(head.last_id, 0), foreign_rows.top)
 FROM unnest($1::text[]) AS asked(id) LEFT JOIN head ON head.sender_id = asked.id
 CROSS JOIN LATERAL (
   SELECT count(*) AS count, coalesce(max(e.id), 0) AS top FROM {s}events e
   WHERE e.sender_id COLLATE "C" = asked.id AND e.id > coalesce(head.last_id, 0)) foreign_rows"""
    insert: str = """WITH added AS (
   INSERT INTO {s}events (sender_id, type_name, timestamp, intent_name, action_name, data)
   SELECT * FROM unnest($1::text[], $2::text[], $3::float8[], $4::text[], $5::text[], $6::text[])
   RETURNING id, sender_id),
 top AS (SELECT sender_id, max(id) AS id FROM added GROUP BY sender_id),
 head AS (
   SELECT asked.*, coalesce(top.id, asked.old_id) AS last_id
   FROM unnest($7::text[], $8::boolean[], $9::bigint[], $10::bigint[], $11::bigint[])
     AS asked(sender_id, known, version, base, old_id)
   LEFT JOIN top ON top.sender_id = asked.sender_id),
 begun AS (
   INSERT INTO {s}tertulia_conversations (sender_id, version, base, last_id, created, updated)
   SELECT sender_id, version, base, last_id, $12, $12 FROM head WHERE NOT known
   ORDER BY sender_id)
 UPDATE {s}tertulia_conversations c
 SET version = head.version, base = head.base, last_id = head.last_id, updated = $12
 FROM head WHERE head.known AND c.sender_id = head.sender_id"""
    keep: str = """INSERT INTO {s}tertulia_snapshots
   (sender_id, version, last_id, fingerprint, body)
 SELECT s.sender_id, s.version, coalesce((SELECT e.id FROM {s}events e
     WHERE e.sender_id COLLATE "C" = s.sender_id ORDER BY e.id DESC OFFSET s.back LIMIT 1), 0),
   s.fingerprint, s.body
 FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::bytea[])
   AS s(sender_id, version, back, fingerprint, body)
 ON CONFLICT (sender_id, version) DO UPDATE
 SET last_id = excluded.last_id, fingerprint = excluded.fingerprint, body = excluded.body"""
    prune: str = """DELETE FROM {s}tertulia_snapshots s
 WHERE s.sender_id = ANY($1::text[]) AND s.version <= (
   SELECT newer.version FROM {s}tertulia_snapshots newer
   WHERE newer.sender_id = s.sender_id ORDER BY newer.version DESC OFFSET $2 LIMIT 1)"""
    reminders_of: str = """SELECT sender_id, body FROM {s}tertulia_reminders
 WHERE sender_id = ANY($1::text[])"""
    forget_reminders: str = """DELETE FROM {s}tertulia_reminders r
 USING unnest($1::text[], $2::text[]) AS gone(sender_id, name)
 WHERE r.sender_id = gone.sender_id AND r.name = gone.name"""
    put_reminders: str = """INSERT INTO {s}tertulia_reminders (sender_id, name, due, body)
 SELECT * FROM unnest($1::text[], $2::text[], $3::float8[], $4::bytea[])
 ON CONFLICT (sender_id, name) DO UPDATE SET due = excluded.due, body = excluded.body"""
    receipt: str = "SELECT body FROM {s}tertulia_receipts WHERE sender_id = $1 AND key = $2"
    put_receipts: str = """INSERT INTO {s}tertulia_receipts (sender_id, key, version, body)
 SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bytea[])
 ON CONFLICT (sender_id, key) DO UPDATE SET version = excluded.version, body = excluded.body"""
    prune_receipts: str = """DELETE FROM {s}tertulia_receipts r USING (
   SELECT sender_id, key,
     row_number() OVER (PARTITION BY sender_id ORDER BY version DESC) AS place
   FROM {s}tertulia_receipts WHERE sender_id = ANY($1::text[])) kept
 WHERE r.sender_id = kept.sender_id AND r.key = kept.key AND kept.place > $2"""
    note: str = """WITH told AS (
   SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
     WITH ORDINALITY AS told(kind, sender_id, seq, count, place)),
 feed_end AS (UPDATE {s}tertulia_feed_end
   SET position = position + (SELECT sum(greatest(count, 1)) FROM told) RETURNING position)
 INSERT INTO {s}tertulia_feed (position, kind, sender_id, seq, count, last_id)
 SELECT feed_end.position - (SELECT sum(greatest(count, 1)) FROM told)
     + sum(greatest(told.count, 1)) OVER (ORDER BY told.place),
   told.kind, told.sender_id, told.seq, told.count,
   coalesce((SELECT c.last_id FROM {s}tertulia_conversations c
     WHERE c.sender_id = told.sender_id), 0)
 FROM told CROSS JOIN feed_end"""
    feed: str = """WITH told AS (
   SELECT * FROM {s}tertulia_feed WHERE position > $1
     AND ($3::text IS NULL OR sender_id = $3 AND kind <> 'erased'
       OR sender_id = $4 AND kind = 'erased')
   ORDER BY position LIMIT $2),
 part AS (SELECT *, least(greatest(count, 1), position - $1) AS rest FROM told),
 sums AS (SELECT *, sum(rest) OVER (ORDER BY position) - rest AS before FROM part)
 SELECT sums.position, kind, sender_id, seq, count, event.back, event.data
 FROM sums LEFT JOIN LATERAL (
   SELECT e.data, greatest(rest - $2, 0) + row_number() OVER (ORDER BY e.id DESC) - 1 AS back
   FROM (SELECT id, data FROM {s}events
     WHERE sender_id COLLATE "C" = sums.sender_id AND id <= sums.last_id
     ORDER BY id DESC OFFSET greatest(rest - $2, 0) LIMIT least(rest, $2)) e
   ) event ON sums.count > 0
 WHERE before < $2 ORDER BY sums.position, event.back DESC LIMIT $2"""
    feed_end: str = "SELECT position FROM {s}tertulia_feed_end"
    unfeed: str = "DELETE FROM {s}tertulia_feed WHERE sender_id = $1 AND kind <> 'erased'"
    prune_erasures: str = """DELETE FROM {s}tertulia_feed WHERE kind = 'erased' AND position <= (
   SELECT position FROM {s}tertulia_feed WHERE kind = 'erased'
   ORDER BY position DESC OFFSET $1 LIMIT 1)
 AND NOT EXISTS (SELECT 1 FROM {s}tertulia_feed_cursors c
   WHERE c.position < {s}tertulia_feed.position)"""
    cursors: str = "SELECT name, position FROM {s}tertulia_feed_cursors"
    make_cursor: str = """INSERT INTO {s}tertulia_feed_cursors (name, position)
 SELECT $1, $3 WHERE $2::bigint IS NULL ON CONFLICT (name) DO NOTHING"""
    move_cursor: str = """UPDATE {s}tertulia_feed_cursors SET position = $3
 WHERE name = $1 AND position = $2"""
    drop_cursor: str = """DELETE FROM {s}tertulia_feed_cursors
 WHERE name = $1 AND position = $2 AND $3::bigint IS NULL"""
    drop_receipts: str = "DELETE FROM {s}tertulia_receipts WHERE sender_id = $1"
    drop_events: str = """DELETE FROM {s}events WHERE sender_id COLLATE "C" = $1"""
    drop_snapshots: str = "DELETE FROM {s}tertulia_snapshots WHERE sender_id = $1"
    drop_reminders: str = "DELETE FROM {s}tertulia_reminders WHERE sender_id = $1"
    drop_head: str = "DELETE FROM {s}tertulia_conversations WHERE sender_id = $1"


def statements(prefix: str) -> Statements:
    """Return the statements for tables below this prefix."""
    parts = {"s": prefix, "head": _HEAD.format(s=prefix), "bodies": _BODIES.format(s=prefix)}
    return Statements(*[text.format(**parts) for text in Statements()])
