import type { z } from "zod";
import { canonicalJson } from "../../domain/json.ts";
import type { RunState } from "../../domain/plan-run/run.ts";
import { inputIn, type Step } from "../../ports/step.ts";
import type { RecordSet } from "../../ports/traffic.ts";
import type { RecordsInput } from "./schemas.ts";

/** Equal in everything TwoKey knows of a record. */
export function sameRecords(a: readonly RecordSet[], b: readonly RecordSet[]): boolean {
  const text = (records: readonly RecordSet[]) =>
    records
      .map((record) => canonicalJson(record))
      .sort()
      .join("\n");
  return text(a) === text(b);
}

/** What tells a set from every other one of its name. */
export type SetId = Pick<RecordSet, "type" | "setIdentifier">;

export const setIdOf = ({ type, setIdentifier }: SetId): SetId => ({
  type,
  ...(setIdentifier === undefined ? {} : { setIdentifier }),
});

/** The sets among `all` that the change is about, for comparison with what was captured. */
export function concerned(all: readonly RecordSet[], captured: readonly SetId[]): RecordSet[] {
  return all.filter((record) =>
    captured.some((other) => other.setIdentifier === record.setIdentifier && other.type === record.type),
  );
}

interface Changing {
  readonly continues: RunState | undefined;
  readonly step: Pick<Step<z.infer<typeof RecordsInput>, never, never>, "name" | "input">;
  readonly zone: string;
  readonly name: string;
  /** What stands there now. */
  readonly current: readonly RecordSet[];
}

/** What undo puts back, and how moving back is recognised: not what an earlier run of this move made of the records. */
export function recordsBefore({ continues, step, zone, name, current }: Changing): RecordSet[] {
  const input = continues?.plan.steps
    .map((earlier) => inputIn(earlier, step))
    .find((earlier) => earlier?.name === name && earlier.zone === zone);
  return [...(input && sameRecords(current, input.after) ? input.before : current)];
}
