import type { Redis } from "ioredis";
import { LIST_RUN } from "./list-run.ts";

/**
 * The scripts by which state changes. All are compare-and-set: the decision was made in TypeScript on what was read,
 * and is written only if nobody was faster. All append their events in the same atomic step: to the one stream, and to the
 * lists of the incident and the run that each is about. An event is its text and the numbers of the keys of its lists.
 */
const APPEND_EVENTS = `
local position = redis.call('INCR', KEYS[1])
for i = 1, #events, 2 do
  redis.call('XADD', KEYS[2], '*', 'p', position, 'e', events[i])
  for list in string.gmatch(events[i + 1], '%d+') do redis.call('RPUSH', KEYS[tonumber(list)], events[i]) end
end
`;

/**
 * KEYS: position, events, journal, open runs, claim, cool-down, run, journal of the run that is continued (or the run's own),
 *       settled runs, waiting plan, event lists.
 * ARGV: run id, expected length, over (0/1), claim action (none/hold/release), now world ms, cool-down until world ms,
 *       id of the run that is continued or '', its expected length, its last entry, still waits for keys (0/1),
 *       number of entries, entries…, events…
 * A run that continues another takes the service from it and nobody else; the cool-down is between moves, not within one.
 */
const APPEND_RUN = `
local id, expected, over, action, now, cool = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]
if redis.call('EXISTS', KEYS[7]) == 0 then return {'gone', ''} end
local rest, rest_length, rest_entry = ARGV[7], tonumber(ARGV[8]), ARGV[9]
if redis.call('LLEN', KEYS[3]) ~= expected then return {'conflict', ''} end
if rest ~= '' and redis.call('LLEN', KEYS[8]) ~= rest_length then return {'conflict', ''} end
local holder = redis.call('GET', KEYS[5])
if rest ~= '' then
  if holder ~= rest then return {'claimed', holder or ''} end
  redis.call('RPUSH', KEYS[8], rest_entry)
  redis.call('SREM', KEYS[4], rest)
  redis.call('ZADD', KEYS[9], now, rest)
  redis.call('SET', KEYS[5], id)
elseif action == 'hold' then
  if holder and holder ~= id then return {'claimed', holder} end
  local until_ms = redis.call('GET', KEYS[6])
  if until_ms and tonumber(until_ms) > now then return {'cooling', until_ms} end
  redis.call('SET', KEYS[5], id)
elseif action == 'release' then
  if holder == id then redis.call('DEL', KEYS[5]) end
  if cool ~= '' then redis.call('SET', KEYS[6], cool) end
end
if ARGV[10] == '0' and redis.call('GET', KEYS[10]) == id then redis.call('DEL', KEYS[10]) end
local count = tonumber(ARGV[11])
for i = 1, count do redis.call('RPUSH', KEYS[3], ARGV[11 + i]) end
if over == '1' then
  redis.call('SREM', KEYS[4], id)
  redis.call('ZADD', KEYS[9], now, id)
end
local events = {}
for i = 12 + count, #ARGV do events[#events + 1] = ARGV[i] end
${APPEND_EVENTS}
return {'ok', ''}
`;

/**
 * KEYS: position, events, run, open runs, claim, waiting plan, journal, cool-down, runs of the incident if it has one, event lists.
 * ARGV: run id, schema version, plan, digest, its seal, id of the run that is continued or '', has an incident (0/1), now world ms,
 *       the entry that starts it or '' where it waits for keys, events…
 * One plan of a service at a time, and none beside a run that holds it, but for the rest of that run. A plan that was put aside
 * is not open, and is in nobody's way. What needs no key starts in the same step, and never waits.
 */
const CREATE_RUN = `
if redis.call('EXISTS', KEYS[3]) == 1 then return {'exists', ''} end
local holder, waiting = redis.call('GET', KEYS[5]), redis.call('GET', KEYS[6])
if holder and holder ~= ARGV[6] then return {'in-the-way', holder} end
if waiting and redis.call('SISMEMBER', KEYS[4], waiting) == 1 then return {'in-the-way', waiting} end
if ARGV[9] == '' then
  redis.call('SET', KEYS[6], ARGV[1])
else
  local until_ms = redis.call('GET', KEYS[8])
  if until_ms and tonumber(until_ms) > tonumber(ARGV[8]) then return {'cooling', until_ms} end
  redis.call('SET', KEYS[5], ARGV[1])
  redis.call('RPUSH', KEYS[7], ARGV[9])
end
redis.call('HSET', KEYS[3], 'schema', ARGV[2], 'plan', ARGV[3], 'digest', ARGV[4], 'seal', ARGV[5])
redis.call('SADD', KEYS[4], ARGV[1])
if ARGV[7] == '1' then redis.call('SADD', KEYS[9], ARGV[1]) end
local events = {}
for i = 10, #ARGV do events[#events + 1] = ARGV[i] end
${APPEND_EVENTS}
return {'created', ''}
`;

/**
 * KEYS: position, events, document, open, due, labelled, settled, event lists.
 * ARGV: id, expected revision, schema version, value, due world ms or '', open (0/1), settled since world ms or '',
 *       number of labels to drop, number to add, labels to drop…, labels to add…, events…
 */
const CHANGE_DOCUMENT = `
local revision = tonumber(redis.call('HGET', KEYS[3], 'revision') or '0')
if revision ~= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[3], 'revision', revision + 1, 'schema', ARGV[3], 'value', ARGV[4])
if ARGV[5] == '' then redis.call('ZREM', KEYS[5], ARGV[1]) else redis.call('ZADD', KEYS[5], ARGV[5], ARGV[1]) end
if ARGV[6] == '1' then redis.call('SADD', KEYS[4], ARGV[1]) else redis.call('SREM', KEYS[4], ARGV[1]) end
if ARGV[7] == '' then redis.call('ZREM', KEYS[7], ARGV[1]) else redis.call('ZADD', KEYS[7], ARGV[7], ARGV[1]) end
local dropped, added = tonumber(ARGV[8]), tonumber(ARGV[9])
for i = 10, 9 + dropped do redis.call('ZREM', KEYS[6], ARGV[i]) end
for i = 10 + dropped, 9 + dropped + added do redis.call('ZADD', KEYS[6], 0, ARGV[i]) end
local events = {}
for i = 10 + dropped + added, #ARGV do events[#events + 1] = ARGV[i] end
${APPEND_EVENTS}
return revision + 1
`;

/**
 * KEYS: put aside, document, open, due, settled, its place, where it is kept if a new one begins in its stead.
 * ARGV: name, id, what is told of it, a new one begins (0/1)
 * What cannot be read leaves the indexes, so that nobody comes upon it again, and remembers its place in them.
 */
const PUT_ASIDE = `
local fresh = redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[3])
if ARGV[4] == '1' then
  if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('RENAME', KEYS[2], KEYS[7]) end
else
  local due, settled = redis.call('ZSCORE', KEYS[4], ARGV[2]), redis.call('ZSCORE', KEYS[5], ARGV[2])
  if redis.call('SISMEMBER', KEYS[3], ARGV[2]) == 1 then redis.call('HSET', KEYS[6], 'open', 1) end
  if due then redis.call('HSET', KEYS[6], 'due', due) end
  if settled then redis.call('HSET', KEYS[6], 'settled', settled) end
end
redis.call('SREM', KEYS[3], ARGV[2])
redis.call('ZREM', KEYS[4], ARGV[2])
redis.call('ZREM', KEYS[5], ARGV[2])
return fresh
`;

/** KEYS: drivers. ARGV: run, who stands there, who takes it or '' for nobody. 1: it stood there. */
const TAKE_DRIVER = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
if ARGV[3] == '' then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
return 1
`;

/** KEYS: put aside, open, due, settled, its place. ARGV: name, id */
const TAKE_BACK = `
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
local open, due, settled = unpack(redis.call('HMGET', KEYS[5], 'open', 'due', 'settled'))
if open then redis.call('SADD', KEYS[2], ARGV[2]) end
if due and not redis.call('ZSCORE', KEYS[3], ARGV[2]) then redis.call('ZADD', KEYS[3], due, ARGV[2]) end
if settled and not redis.call('ZSCORE', KEYS[4], ARGV[2]) then redis.call('ZADD', KEYS[4], settled, ARGV[2]) end
redis.call('DEL', KEYS[5])
return 1
`;

/**
 * KEYS: open, due, settled, document, what goes with it…. ARGV: id, expected revision or '', now world ms
 * Nothing that is open is removed; it is looked at again when another retention is over.
 */
const REMOVE = `
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then
  redis.call('ZADD', KEYS[3], ARGV[3], ARGV[1])
  return 0
end
if ARGV[2] ~= '' and redis.call('HGET', KEYS[4], 'revision') ~= ARGV[2] then return 0 end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
for i = 4, #KEYS do redis.call('UNLINK', KEYS[i]) end
return 1
`;

/**
 * KEYS: position, events, recovery, open runs, settled runs, then journal and claim of each run that ends with it, event lists.
 * ARGV: expected revision, schema version, value, its seal, must end every open run (0/1), number of runs,
 *       number of those that are gone, (run id, expected length, entry, world ms)…, ids of those that are gone…, events…
 */
const CHANGE_RECOVERY = `
local revision = tonumber(redis.call('HGET', KEYS[3], 'revision') or '0')
if revision ~= tonumber(ARGV[1]) then return 0 end
local count, gone = tonumber(ARGV[6]), tonumber(ARGV[7])
if ARGV[5] == '1' and redis.call('SCARD', KEYS[4]) ~= count + gone then return 0 end
for i = 1, count do
  if redis.call('SISMEMBER', KEYS[4], ARGV[4 + 4 * i]) == 0 then return 0 end
  if redis.call('LLEN', KEYS[4 + 2 * i]) ~= tonumber(ARGV[5 + 4 * i]) then return 0 end
end
for i = 8 + 4 * count, 7 + 4 * count + gone do
  if redis.call('SISMEMBER', KEYS[4], ARGV[i]) == 0 then return 0 end
end
for i = 8 + 4 * count, 7 + 4 * count + gone do redis.call('SREM', KEYS[4], ARGV[i]) end
for i = 1, count do
  local id = ARGV[4 + 4 * i]
  redis.call('RPUSH', KEYS[4 + 2 * i], ARGV[6 + 4 * i])
  redis.call('SREM', KEYS[4], id)
  redis.call('ZADD', KEYS[5], ARGV[7 + 4 * i], id)
  if redis.call('GET', KEYS[5 + 2 * i]) == id then redis.call('DEL', KEYS[5 + 2 * i]) end
end
redis.call('HSET', KEYS[3], 'revision', revision + 1, 'schema', ARGV[2], 'value', ARGV[3], 'seal', ARGV[4])
local events = {}
for i = 8 + 4 * count + gone, #ARGV do events[#events + 1] = ARGV[i] end
${APPEND_EVENTS}
return 1
`;

/**
 * KEYS: position, events, freezes, event lists. ARGV: number of lines, (seal, what was said)…, events…
 * Said once more, as by a connection that broke, it changes nothing.
 */
const SAY_FREEZE = `
local count = tonumber(ARGV[1])
if redis.call('HEXISTS', KEYS[3], ARGV[2]) == 1 then return 0 end
for i = 1, count do redis.call('HSET', KEYS[3], ARGV[2 * i], ARGV[1 + 2 * i]) end
local events = {}
for i = 2 + 2 * count, #ARGV do events[#events + 1] = ARGV[i] end
${APPEND_EVENTS}
return 1
`;

/** The first argument is the number of keys: it grows with what the events are about. */
export interface Scripts {
  twokeyAppendRun(...args: (string | number)[]): Promise<[string, string]>;
  twokeyCreateRun(...args: (string | number)[]): Promise<[string, string]>;
  twokeyChangeDocument(...args: (string | number)[]): Promise<number>;
  twokeyChangeRecovery(...args: (string | number)[]): Promise<number>;
  twokeySayFreeze(...args: (string | number)[]): Promise<number>;
  twokeyPutAside(...args: (string | number)[]): Promise<number>;
  twokeyTakeBack(...args: (string | number)[]): Promise<number>;
  twokeyListRun(...args: (string | number)[]): Promise<[string, string]>;
  twokeyRemove(...args: (string | number)[]): Promise<number>;
  twokeyTakeDriver(...args: (string | number)[]): Promise<number>;
}

export type ScriptedRedis = Redis & Scripts;

/** Defines the scripts on the connection; ioredis sends them by digest and again after a flush. */
export function withScripts(redis: Redis): ScriptedRedis {
  redis.defineCommand("twokeyAppendRun", { lua: APPEND_RUN });
  redis.defineCommand("twokeyCreateRun", { lua: CREATE_RUN });
  redis.defineCommand("twokeyChangeDocument", { lua: CHANGE_DOCUMENT });
  redis.defineCommand("twokeyChangeRecovery", { lua: CHANGE_RECOVERY });
  redis.defineCommand("twokeySayFreeze", { lua: SAY_FREEZE });
  redis.defineCommand("twokeyPutAside", { lua: PUT_ASIDE });
  redis.defineCommand("twokeyTakeBack", { lua: TAKE_BACK });
  redis.defineCommand("twokeyListRun", { lua: LIST_RUN });
  redis.defineCommand("twokeyRemove", { lua: REMOVE });
  redis.defineCommand("twokeyTakeDriver", { lua: TAKE_DRIVER });
  // ioredis adds the commands at run time; there is no typed way to declare them.
  return redis as ScriptedRedis;
}
