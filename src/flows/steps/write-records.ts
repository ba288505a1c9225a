import type { z } from "zod";
import { StepFailed, TransientError, VENDOR_REFUSES } from "../../domain/errors.ts";
import type { Known } from "../../domain/service/observed.ts";
import type { LookContext, StepContext } from "../../ports/step.ts";
import type { RecordSet } from "../../ports/traffic.ts";
import { type Mark, markIn, markSet, marksBeside, refuseLater } from "./dns-mark.ts";
import { leftoverOf } from "./record-sets.ts";
import { concerned, sameRecords } from "./records.ts";
import type { RecordsInput } from "./schemas.ts";

type Input = z.infer<typeof RecordsInput>;

/** What stands under a name, and the mark beside it. */
export interface Standing {
  /** As captured, as planned, or as somebody else made them. */
  readonly stand: "as-captured" | "as-planned" | "drifted";
  readonly records: readonly RecordSet[];
  /** What stands beside them and could lead users elsewhere, by name: a plan accounts for every set, so somebody added it since. */
  readonly added: string | undefined;
  readonly marks: readonly RecordSet[];
  readonly mark: Mark | undefined;
}

/** Throws Superseded and StepFailed where somebody later has written: this executor looks no further. */
export async function standingOf(input: Input, { cloud, signal, hold }: LookContext): Promise<Standing> {
  const { zone, name, before, after } = input;
  // The mark first: whatever is written after it was read changes it, and so voids the exchange.
  const marks = seen(name, await marksBeside(cloud.traffic, input, signal));
  const all = seen(name, await cloud.traffic.records(zone, name, signal));
  const records = concerned(all, before);
  refuseLater({ name, found: marks, planned: input.mark }, hold);
  const stand = sameRecords(records, after) ? "as-planned" : sameRecords(records, before) ? "as-captured" : "drifted";
  return { stand, records, added: leftoverOf(all, records), marks, mark: markIn(marks) };
}

function seen(name: string, found: Known<readonly RecordSet[]>): readonly RecordSet[] {
  if (found.known) return found.value;
  const why = `${name} cannot be read: ${found.why}`;
  if (found.cause === "denied" || found.cause === "absent") throw new StepFailed("records-unseen", why);
  throw new TransientError("records-unseen", why, { facts: VENDOR_REFUSES });
}

interface Writing {
  readonly standing: Standing;
  /** Undefined leaves the sets as they are: only the mark is exchanged, so that nobody earlier writes any more. */
  readonly to: readonly RecordSet[] | undefined;
  readonly way: Mark["way"];
  readonly comment: string;
}

/** One batch: the sets, and the mark exchanged for the next one, whose number is told. Route 53 refuses all of it if that mark is another one by now. */
export async function write(
  input: Input,
  { standing, to, way, comment }: Writing,
  { cloud, signal, hold }: StepContext,
) {
  const { zone, name } = input;
  const mark = (standing.mark?.change ?? 0) + 1;
  const next = markSet(name, { ...hold, change: mark, way });
  const isExact = input.write === "exact" && to !== undefined;
  const exchange = {
    from: [...standing.marks, ...(isExact ? standing.records : [])],
    to: [next, ...(isExact ? to : [])],
  };
  const written = await cloud.traffic.upsert({ zone, records: isExact ? [] : (to ?? []), exchange, comment }, signal);
  return { ...written, mark };
}
