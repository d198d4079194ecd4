"""What runs inside the server: each script is one step that nothing else comes between.

KEYS are those of `Names.of`, in its order. ARGV[1] is a MessagePack map without bytes, which the
server's reader does not know: a number in their place says which ARGV they are.
A script returns its outcome first: `ok`, `conflict` with the version there is, `again` when the
reminders have changed since they were read, `old` when the originals have the conversation.
"""

_BEGIN = """
local p = cmsgpack.unpack(ARGV[1])
local head = redis.call('HMGET', KEYS[1], 'version', 'base', 'rev')
if not head[1] and not p.seen then
  for i = 10, 11 do
    if redis.call('TYPE', KEYS[i]).ok == 'string' then return {'old'} end
  end
end
local version, base = tonumber(head[1] or '0'), tonumber(head[2] or '0')
local function text(number) return string.format('%.0f', number) end
"""

_FEED = """
local function leave_feed()
  local places = redis.call('ZRANGE', KEYS[14], 0, -1, 'WITHSCORES')
  for i = 2, #places, 2 do redis.call('XDEL', KEYS[12], text(tonumber(places[i])) .. '-0') end
  redis.call('DEL', KEYS[14])
end
local function enter_feed(position, kind, name, seq)
  redis.call('XADD', KEYS[12], text(position) .. '-0', kind, name, 'seq', text(seq))
end
"""

WRITE = (
    _BEGIN
    + _FEED
    + """
if version ~= p.expected then return {'conflict', version} end
if p.rev and p.rev ~= tonumber(head[3] or '0') then return {'again'} end
local count = #p.events
if p.replace then
  redis.call('DEL', KEYS[2], KEYS[3])
  version = version + math.max(1, count)
  base = version - count
else
  version = version + count
end
for first = 1, count, 1000 do
  redis.call('RPUSH', KEYS[2], unpack(p.events, first, math.min(first + 999, count)))
end
if count > 0 or p.replace then
  redis.call('HSET', KEYS[1], 'version', text(version), 'base', text(base))
  redis.call('ZADD', KEYS[6], 0, p.id)
end
if p.source then
  redis.call('HSET', KEYS[1], 'source', ARGV[p.source])
elseif count > 0 or p.replace then
  local first = redis.call('INCRBY', KEYS[13], count + (p.replace and 1 or 0)) - count
  if p.replace then
    leave_feed()
    enter_feed(first, 'replaced', p.id, 0)
    redis.call('ZADD', KEYS[14], text(first), 'replaced')
  end
  for i = 1, count do
    local seq = version - count + i
    enter_feed(first + i, 'event', p.id, seq)
    redis.call('ZADD', KEYS[14], text(first + i), text(seq))
  end
end
if p.taken then
  local at = text(p.taken)
  redis.call('HSET', KEYS[3], at .. ':f', p.fingerprint, at .. ':b', ARGV[p.body])
  local kept = {}
  for _, field in ipairs(redis.call('HKEYS', KEYS[3])) do
    if field:sub(-2) == ':f' then kept[#kept + 1] = tonumber(field:sub(1, -3)) end
  end
  table.sort(kept)
  for i = 1, #kept - p.kept do
    redis.call('HDEL', KEYS[3], text(kept[i]) .. ':f', text(kept[i]) .. ':b')
  end
end
if p.receipt then
  redis.call('HSET', KEYS[4], p.receipt, ARGV[p.answer])
  redis.call('ZADD', KEYS[5], p.receipt_version, p.receipt)
  for _, old in ipairs(redis.call('ZRANGE', KEYS[5], 0, -(p.receipts + 1))) do
    redis.call('ZREM', KEYS[5], old)
    redis.call('HDEL', KEYS[4], old)
  end
end
if p.rev then
  for _, gone in ipairs(p.gone) do
    redis.call('HDEL', KEYS[9], gone[1])
    redis.call('ZREM', KEYS[7], ARGV[gone[2]])
    redis.call('HDEL', KEYS[8], ARGV[gone[2]])
  end
  for _, put in ipairs(p.put) do
    redis.call('HSET', KEYS[9], put[1], ARGV[put[2]])
    redis.call('ZADD', KEYS[7], 0, ARGV[put[2]])
    redis.call('HSET', KEYS[8], ARGV[put[2]], ARGV[put[3]])
  end
  redis.call('HINCRBY', KEYS[1], 'rev', 1)
end
if p.expire then
  for i = 1, 5 do redis.call('PEXPIRE', KEYS[i], p.expire) end
  redis.call('PEXPIRE', KEYS[14], p.expire)
  local oldest = redis.call('XRANGE', KEYS[12], '-', '+', 'COUNT', count + 2)
  for _, entry in ipairs(oldest) do
    if entry[2][1] ~= 'erased' and redis.call('EXISTS', p.heads .. entry[2][2]) == 0 then
      redis.call('XDEL', KEYS[12], entry[1])
    end
  end
end
return {'ok', version}
"""
)

READ = (
    _BEGIN
    + """
local first, last, snapshot = 0, -1, false
if p.fingerprint then
  local best = -1
  for _, field in ipairs(redis.call('HKEYS', KEYS[3])) do
    if field:sub(-2) == ':f' then
      local at = tonumber(field:sub(1, -3))
      if at > best and at <= version - p.window
          and redis.call('HGET', KEYS[3], field) == p.fingerprint then best = at end
    end
  end
  if best >= 0 then
    first = best - base
    snapshot = {best, redis.call('HGET', KEYS[3], text(best) .. ':b')}
  end
elseif p.limit then
  first = math.max(p.after - base, 0)
  last = first + p.limit - 1
end
local events = {}
if not p.bare and first <= version - base and (not p.limit or p.limit > 0) then
  events = redis.call('LRANGE', KEYS[2], text(first), text(last))
end
return {'ok', version, base + first, events, snapshot}
"""
)

ERASE = (
    _BEGIN
    + _FEED
    + """
local count = redis.call('LLEN', KEYS[2])
for _, order in ipairs(redis.call('HVALS', KEYS[9])) do
  redis.call('ZREM', KEYS[7], order)
  redis.call('HDEL', KEYS[8], order)
end
local source = redis.call('HGET', KEYS[1], 'source')
if source and (source == KEYS[10] or source == KEYS[11]) then redis.call('DEL', source) end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[9])
redis.call('ZREM', KEYS[6], p.id)
if not head[1] then return {'ok', count} end
leave_feed()
local former = redis.call('ZSCORE', KEYS[15], p.forgotten)
if former then redis.call('XDEL', KEYS[12], text(tonumber(former)) .. '-0') end
local position = redis.call('INCR', KEYS[13])
enter_feed(position, 'erased', p.forgotten, 0)
redis.call('ZADD', KEYS[15], text(position), p.forgotten)
local passed = position
for _, at in ipairs(redis.call('HVALS', KEYS[16])) do passed = math.min(passed, tonumber(at)) end
for _ = p.kept + 1, redis.call('ZCARD', KEYS[15]) do
  local oldest = redis.call('ZRANGE', KEYS[15], 0, 0, 'WITHSCORES')
  if tonumber(oldest[2]) > passed then break end
  redis.call('ZREM', KEYS[15], oldest[1])
  redis.call('XDEL', KEYS[12], text(tonumber(oldest[2])) .. '-0')
end
return {'ok', count}
"""
)

READ_FEED = """
local p = cmsgpack.unpack(ARGV[1])
local function text(number) return string.format('%.0f', number) end
local found, after = {}, p.after
local function note(position, kind, name, seq)
  local body = false
  if kind == 'event' then
    local base = tonumber(redis.call('HGET', KEYS[2] .. name, 'base') or '0')
    body = redis.call('LINDEX', KEYS[3] .. name, text(seq - base - 1))
    if not body then return false end
  end
  found[#found + 1] = {position, kind, name, seq, body}
  return true
end
if p.id then
  local gone = tonumber(redis.call('ZSCORE', KEYS[4], p.forgotten) or '0')
  if gone > after then note(gone, 'erased', p.forgotten, 0) end
  local places = redis.call('ZRANGEBYSCORE', KEYS[5], '(' .. text(after), '+inf', 'WITHSCORES',
    'LIMIT', 0, text(p.limit))
  for i = 1, #places, 2 do
    if #found >= p.limit then break end
    local kind = tonumber(places[i]) and 'event' or 'replaced'
    note(tonumber(places[i + 1]), kind, p.id, tonumber(places[i]) or 0)
  end
  return found
end
while #found < p.limit do
  local page = redis.call('XRANGE', KEYS[1], text(after + 1) .. '-0', '+', 'COUNT',
    text(p.limit - #found))
  if #page == 0 then break end
  for _, entry in ipairs(page) do
    after = tonumber(entry[1]:sub(1, -3))
    if not note(after, entry[2][1], entry[2][2], tonumber(entry[2][4])) then
      redis.call('XDEL', KEYS[1], entry[1])
    end
  end
end
return found
"""

MOVE_CURSOR = """
local p = cmsgpack.unpack(ARGV[1])
local stands = redis.call('HGET', KEYS[1], p.name)
if tonumber(stands or '-1') ~= (p.expected or -1) then return 0 end
if p.to then
  redis.call('HSET', KEYS[1], p.name, string.format('%.0f', p.to))
else
  redis.call('HDEL', KEYS[1], p.name)
end
return 1
"""

REMINDERS = (
    _BEGIN
    + """
local found = {}
for _, order in ipairs(redis.call('HVALS', KEYS[9])) do
  found[#found + 1] = redis.call('HGET', KEYS[8], order)
end
return {'ok', tonumber(head[3] or '0'), found}
"""
)
