import type { Redis } from "ioredis";

/**
 * The two scripts by which state changes. Both are compare-and-set: the decision was made in TypeScript on what was read,
 * and is written only if nobody was faster. Both append their events to the one stream in the same atomic step.
 */
const APPEND_EVENTS = `
local position = redis.call('INCR', KEYS[1])
for i = 1, #events do redis.call('XADD', KEYS[2], '*', 'p', position, 'e', events[i]) end
`;

/**
 * KEYS: position, events, journal, open runs, claim, cool-down, run.
 * ARGV: run id, expected length, over (0/1), claim action (none/take/release), now world ms, cool-down until world ms,
 *       number of entries, entries…, events…
 */
const APPEND_RUN = `
local id, expected, over, action, now, cool = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]
if redis.call('EXISTS', KEYS[7]) == 0 then return {'gone', ''} end
if redis.call('LLEN', KEYS[3]) ~= expected then return {'conflict', ''} end
if action == 'take' then
  local holder = redis.call('GET', KEYS[5])
  if holder and holder ~= id then return {'claimed', holder} end
  local until_ms = redis.call('GET', KEYS[6])
  if until_ms and tonumber(until_ms) > now then return {'cooling', until_ms} end
  redis.call('SET', KEYS[5], id)
elseif action == 'release' then
  if redis.call('GET', KEYS[5]) == id then redis.call('DEL', KEYS[5]) end
  if cool ~= '' then redis.call('SET', KEYS[6], cool) end
end
local count = tonumber(ARGV[7])
for i = 1, count do redis.call('RPUSH', KEYS[3], ARGV[7 + i]) end
if over == '1' then redis.call('SREM', KEYS[4], id) end
local events = {}
for i = 8 + count, #ARGV do events[#events + 1] = ARGV[i] end
${APPEND_EVENTS}
return {'ok', ''}
`;

/** KEYS: position, events, run, open runs, runs of the incident. ARGV: run id, plan, digest, events… */
const CREATE_RUN = `
if redis.call('HSETNX', KEYS[3], 'plan', ARGV[2]) == 0 then return 0 end
redis.call('HSET', KEYS[3], 'digest', ARGV[3])
redis.call('SADD', KEYS[4], ARGV[1])
redis.call('SADD', KEYS[5], ARGV[1])
local events = {}
for i = 4, #ARGV do events[#events + 1] = ARGV[i] end
${APPEND_EVENTS}
return 1
`;

/**
 * KEYS: position, events, record, open records, due records, labelled records.
 * ARGV: id, expected revision, value, due world ms or '', open (0/1), number of members to drop, number to add,
 *       members to drop…, members to add…, events…
 */
const CHANGE_RECORD = `
local revision = tonumber(redis.call('HGET', KEYS[3], 'revision') or '0')
if revision ~= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[3], 'revision', revision + 1, 'value', ARGV[3])
if ARGV[4] == '' then redis.call('ZREM', KEYS[5], ARGV[1]) else redis.call('ZADD', KEYS[5], ARGV[4], ARGV[1]) end
if ARGV[5] == '1' then redis.call('SADD', KEYS[4], ARGV[1]) else redis.call('SREM', KEYS[4], ARGV[1]) end
local dropped, added = tonumber(ARGV[6]), tonumber(ARGV[7])
for i = 8, 7 + dropped do redis.call('ZREM', KEYS[6], ARGV[i]) end
for i = 8 + dropped, 7 + dropped + added do redis.call('ZADD', KEYS[6], 0, ARGV[i]) end
local events = {}
for i = 8 + dropped + added, #ARGV do events[#events + 1] = ARGV[i] end
${APPEND_EVENTS}
return revision + 1
`;

export interface Scripts {
  twokeyAppendRun(...args: (string | number)[]): Promise<[string, string]>;
  twokeyCreateRun(...args: (string | number)[]): Promise<number>;
  twokeyChangeRecord(...args: (string | number)[]): Promise<number>;
}

export type ScriptedRedis = Redis & Scripts;

/** Defines the scripts on the connection; ioredis sends them by digest and again after a flush. */
export function withScripts(redis: Redis): ScriptedRedis {
  redis.defineCommand("twokeyAppendRun", { numberOfKeys: 7, lua: APPEND_RUN });
  redis.defineCommand("twokeyCreateRun", { numberOfKeys: 5, lua: CREATE_RUN });
  redis.defineCommand("twokeyChangeRecord", { numberOfKeys: 6, lua: CHANGE_RECORD });
  // ioredis adds the commands at run time; there is no typed way to declare them.
  return redis as ScriptedRedis;
}
