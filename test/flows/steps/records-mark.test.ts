import { describe, expect, test } from "@jest/globals";
import { StepFailed } from "../../../src/domain/errors.ts";
import { shiftTraffic } from "../../../src/flows/resources/entrances/route53/shift-traffic.ts";
import { markSet } from "../../../src/flows/steps/dns-mark.ts";
import { RecordsInput } from "../../../src/flows/steps/schemas.ts";
import type { RecordChange, RecordSet } from "../../../src/ports/traffic.ts";
import { contextIn, fakeCloud } from "../../harness/fakes/index.ts";
import { known } from "../../harness/observed.ts";

const NAME = "shop.example.com";
const record = (value: string): RecordSet => ({ name: NAME, type: "CNAME", ttlSeconds: 60, values: [value] });
const [OLD, NEW] = [record("old.example.com"), record("new.example.com")];
const mark = (run: string, epoch: number) => markSet(NAME, { run, epoch, change: 1, way: "out" });

interface Given {
  readonly stands: RecordSet;
  readonly marks?: readonly RecordSet[];
  readonly planned?: readonly RecordSet[];
  readonly refusal?: Error;
}

/** One look and, where it comes to that, one write of hold 5 of run F-1. */
function performed(does: "run" | "undo", { stands, marks = [], planned = [], refusal }: Given) {
  const written: RecordChange[] = [];
  const upsert = async (wish: RecordChange) => {
    if (refusal) throw refusal;
    written.push(wish);
    return { changeId: "C1", requestIds: ["r"] };
  };
  const cloud = fakeCloud({
    traffic: { records: async (_zone, name) => known(name === NAME ? [stands] : [...marks]), upsert },
  });
  const input = RecordsInput.parse({
    ...{ region: "r", zone: "Z1", name: NAME, before: [OLD], after: [NEW], write: "sentinel", mark: planned },
  });
  const context = { ...contextIn(cloud), hold: { run: "F-1", epoch: 5 } };
  if (typeof shiftTraffic.undo !== "function") throw new Error("It has a way back");
  const done = does === "run" ? shiftTraffic.run(input, context) : shiftTraffic.undo(input, context);
  return done.then((answer) => ({ answer, written }));
}

describe("the mark beside a name", () => {
  test("of a later hold of this run ends an executor, and of a later run fails its step", async () => {
    const later = (run: string) => performed("run", { stands: OLD, marks: [mark(run, 6)] });
    await expect(later("F-1")).rejects.toMatchObject({ name: "Superseded", code: "records-taken-over" });
    await expect(later("F-2")).rejects.toMatchObject({ name: "StepFailed", code: "records-later-mark" });
  });

  test("that stood there when the plan was made counts as earlier, whatever its number", async () => {
    const marks = [mark("F-2", 600)];
    const { written } = await performed("run", { stands: OLD, marks, planned: marks });
    expect(written).toMatchObject([{ records: [NEW], exchange: { from: marks } }]);
  });

  test.each([
    ["no run has left its mark", []],
    ["the mark beside it is this run's", [mark("F-1", 5)]],
    ["the mark beside it is of run F-0", [mark("F-0", 4)]],
  ])("says whose the last change was where somebody else has changed the name: %s", async (whose, marks) => {
    const elsewhere = performed("run", { stands: record("elsewhere.example.com"), marks, planned: marks });
    await expect(elsewhere).rejects.toMatchObject({
      ...{ name: "StepFailed", code: "records-drifted", message: expect.stringContaining(`(${whose})`) },
    });
  });

  test("is exchanged by undo even where the records have their old value, since a change may be on its way", async () => {
    const { written } = await performed("undo", { stands: OLD });
    expect(written).toMatchObject([{ records: [], exchange: { from: [] } }]);
  });

  test("does not hold up an undo that has nothing to give back and may not write", async () => {
    const refusal = new StepFailed("aws-denied", "not allowed");
    const { answer } = await performed("undo", { stands: OLD, refusal });
    expect(answer).toMatchObject({ says: `${NAME} has its old value` });
    await expect(performed("undo", { stands: NEW, refusal })).rejects.toBe(refusal);
  });
});
