import { StepFailed, Superseded } from "../../domain/errors.ts";
import { canonicalJson } from "../../domain/json.ts";
import type { Known } from "../../domain/service/observed.ts";
import type { Hold } from "../../ports/step.ts";
import type { RecordSet, TrafficControl } from "../../ports/traffic.ts";

/** The TXT set beside a name that says whose change of it was the last. Route 53 compares it, so that a late one is refused. */
export interface Mark extends Hold {
  /** Counted up by each change, so that no two marks of a name are alike. */
  readonly change: number;
  readonly way: "out" | "back";
}

const MARK_TTL_SECONDS = 60;
const MARK = /^"run=(\S+) epoch=(\d+) change=(\d+) way=(out|back)"$/;

/** A wildcard has its mark beside it as well: an asterisk inside a name would be none. */
export const markNameOf = (name: string): string => `_twokey.${name.replace(/^\*/, "_any")}`;

interface Named {
  readonly zone: string;
  readonly name: string;
}

export async function marksBeside(
  traffic: Pick<TrafficControl, "records">,
  { zone, name }: Named,
  signal?: AbortSignal,
): Promise<Known<readonly RecordSet[]>> {
  const found = await traffic.records(zone, markNameOf(name), signal);
  return found.known ? { ...found, value: found.value.filter(({ type }) => type === "TXT") } : found;
}

/** Undefined where there is no mark, or something that TwoKey did not write. */
export const markIn = (sets: readonly RecordSet[]): Mark | undefined => read(sets.flatMap(({ values = [] }) => values));

/** The same of what a name server gives. */
export const markOf = (texts: readonly string[]): Mark | undefined => read(texts.map((text) => `"${text}"`));

function read([value = "", ...others]: readonly string[]): Mark | undefined {
  const [, run, epoch, change, way] = MARK.exec(value) ?? [];
  if (run === undefined || others.length > 0) return undefined;
  return { run, epoch: Number(epoch), change: Number(change), way: way === "back" ? "back" : "out" };
}

export function markSet(name: string, { run, epoch, change, way }: Mark): RecordSet {
  const values = [`"run=${run} epoch=${epoch} change=${change} way=${way}"`];
  return { name: markNameOf(name), type: "TXT", ttlSeconds: MARK_TTL_SECONDS, values };
}

interface Beside {
  readonly name: string;
  readonly found: readonly RecordSet[];
  /** As it stood when the plan was made: that one was before what people signed, whatever its number. */
  readonly planned: readonly RecordSet[];
}

/** Throws Superseded for a later executor of this run, and StepFailed where somebody came after the plan who is not before us. */
export function refuseLater({ name, found, planned }: Beside, { run, epoch }: Hold): void {
  if (found.length === 0 || canonicalJson(found) === canonicalJson(planned)) return;
  const mark = markIn(found);
  if (mark !== undefined && mark.epoch <= epoch) return;
  if (mark?.run === run)
    throw new Superseded("records-taken-over", `Epoch ${mark.epoch} of this run changed ${name} after epoch ${epoch}`);
  const who = mark === undefined ? "somebody else" : `run ${mark.run}`;
  throw new StepFailed(
    "records-later-mark",
    `${who} wrote ${markNameOf(name)} after this plan was made, so ${name} is not changed. Look at the records; a plan for the rest counts from what stands there then`,
  );
}
