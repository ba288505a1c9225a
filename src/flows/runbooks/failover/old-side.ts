import { fenceOf, isSettled, type RunState, stateOf } from "../../../domain/plan-run/run.ts";
import type { Known } from "../../../domain/service/observed.ts";
import type { OldSide } from "../../../ports/old-side.ts";
import type { Cloud } from "../../../ports/step.ts";
import { concerned, sameRecords } from "../../records.ts";
import { FenceInput } from "../../steps/fence-primary.ts";
import { RecordsInput } from "../../steps/schemas.ts";

/** Reads only. Its answer is a fact about this moment: whoever fences looks again, and proves its hold, before each call. */
export async function lookAtOldSide(run: RunState, cloud: Cloud, signal: AbortSignal): Promise<OldSide> {
  const fence = fenceOf(run);
  if (!fence) return { kind: "silent" };
  const { region, securityGroup, compute } = FenceInput.parse(fence.input);
  const [rules, service] = await Promise.all([
    cloud.firewall.rules(region, securityGroup, signal),
    cloud.compute.describe(region, compute, signal),
  ]);
  if (isSilent(rules) || isSilent(service)) return { kind: "silent" };
  const why = await movedBack(run, cloud, signal);
  if (why !== undefined) return { kind: "moved-back", why };
  // Denied is not dark: the fence itself is tried, and says what it was refused.
  if (!rules.known || !service.known) return { kind: "back", captured: undefined, isClosed: false };
  const { desired, scaling = null } = service.value;
  const isStopped = desired === 0 && (scaling === null || (scaling.max === 0 && scaling.suspended));
  return {
    kind: "back",
    captured: { rules: rules.value, desired, scaling },
    isClosed: isStopped && rules.value.length === 0,
  };
}

const isSilent = (known: Known<unknown>): boolean =>
  !known.known && (known.cause === "unreachable" || known.cause === "failed");

/**
 * Why fencing the old side would take the service away from its users. Asked only after the promotion has ended: until
 * then the new side is a replica and users are led to the old one, and neither says that anybody moved back.
 */
async function movedBack({ plan, ...run }: RunState, cloud: Cloud, signal: AbortSignal): Promise<string | undefined> {
  const of = (step: string) => stateOf({ plan, ...run }, step);
  const doing = (what: string) => plan.steps.find(({ does }) => does === what);
  const promote = doing("promote-replica");
  if (promote && !isSettled(of(promote.id))) return undefined;
  // A plan for the rest of a promoted run leaves the promotion out; its database is the one that has to take writes.
  const writer = promote ?? doing("check-writable");
  if (!writer) return undefined;
  const [region, instance] = [String(writer.input["region"]), String(writer.input["instance"])];
  const database = await cloud.databases.describe(region, instance, signal);
  if (database.known ? database.value.role === "replica" : database.cause === "absent")
    return `the database of ${plan.to} is no writer any more`;
  const groups = database.known ? database.value.securityGroups : [];
  const doors = await Promise.all(groups.map((group) => cloud.firewall.rules(region, group, signal)));
  if (doors.length > 0 && doors.every((door) => door.known && door.value.length === 0))
    return `the database of ${plan.to} is closed itself`;
  const shift = doing("shift-traffic");
  if (!shift || of(shift.id).state !== "done") return undefined;
  const { zone, name, before, after } = RecordsInput.parse(shift.input);
  // Users who were led to the new side when this was planned do not move back by staying there.
  if (sameRecords(before, after)) return undefined;
  const records = await cloud.traffic.records(zone, name, signal);
  if (records.known && sameRecords(concerned(records.value, before), before))
    return `${name} leads to ${plan.from} again`;
  return undefined;
}
