import type { RunStateName } from "../domain/plan-run/run.ts";

/**
 * KEYS: run, journal, open runs, settled runs, claim, waiting plan.
 * ARGV: run id, expected length, what its state holds (service/keys/nothing) or 'over', now world ms.
 * It stands where its journal says that it stands, and holds what that says, in one step: a run that is listed without its service
 * would be driven beside the next one. What another one holds is taken from nobody, and then nothing is changed.
 */
export const LIST_RUN = `
local id, holds = ARGV[1], ARGV[3]
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('LLEN', KEYS[2]) ~= tonumber(ARGV[2]) then return {'stands', ''} end
if redis.call('ZSCORE', KEYS[4], id) then return {'stands', ''} end
local is_listed = redis.call('SISMEMBER', KEYS[3], id) == 1
if holds == 'over' then
  if is_listed then return {'stands', ''} end
  redis.call('ZADD', KEYS[4], ARGV[4], id)
  return {'listed', ''}
end
local row = holds == 'service' and KEYS[5] or holds == 'keys' and KEYS[6] or nil
local holder = row and redis.call('GET', row)
if holder and holder ~= id and (holds == 'service' or redis.call('SISMEMBER', KEYS[3], holder) == 1) then
  return {'in-the-way', holder}
end
if is_listed and (not row or holder == id) then return {'stands', ''} end
if row then redis.call('SET', row, id) end
redis.call('SADD', KEYS[3], id)
return {'listed', ''}
`;

/** What a run of each state has for itself, and no other run of its service meanwhile. */
export const HOLDS: Readonly<Record<RunStateName, "service" | "keys" | "nothing">> = {
  "waiting-for-keys": "keys",
  ...{ running: "service", paused: "service", unwinding: "service", stopped: "service", stuck: "service" },
  // Its old side may still be looked at: it has let go of the service.
  verified: "nothing",
  ...{ unwound: "nothing", closed: "nothing", superseded: "nothing" },
};
