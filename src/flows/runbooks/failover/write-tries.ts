import type { WriteVerdict } from "../../../domain/service/health.ts";
import type { LookContext } from "../../../ports/step.ts";
import type { Part } from "./fence-part.ts";

/** What ends the sessions of a store when it is fenced; undefined: nothing. */
export const howEnded = ({ fence, things }: Part) => fence.endsSessions?.(things);

/** One write that is tried on the old side, and over what. */
export interface Try {
  readonly session: string;
  readonly isNew: boolean;
  readonly write: WriteVerdict;
}

/**
 * An earlier session is asked for wherever closing ends sessions: a write over it refutes the fence. Where nothing ends them it is not
 * asked for, since a check that is asked while somebody opens the side again keeps a session that nobody ends. It is asked when no
 * new one gets in. Only with `at-once` the proof rests on its loss; with a connection a check that keeps none says no less than before.
 */
export async function triesOf(
  part: Part,
  { cloud, signal }: Pick<LookContext, "cloud" | "signal">,
): Promise<readonly Try[]> {
  const { writeCheck = "" } = part;
  const how = howEnded(part);
  const fresh = { session: "a new session", isNew: true, write: await cloud.probe.writeCheck(writeCheck, signal) };
  if (how === undefined || fresh.write.kind !== "refused") return [fresh];
  const write = await cloud.probe.writeOverKept(writeCheck, signal);
  // Somebody opened the side between the two.
  if (write.kind === "written" && write.opened) return [{ ...fresh, write }];
  const kept = { session: "an earlier one", isNew: false, write };
  return write.kind === "unknown" && how !== "at-once" ? [fresh] : [fresh, kept];
}
