import { describe, expect, test } from "@jest/globals";
import type { RecordSet } from "../../../src/ports/traffic.ts";
import { factOf, mutations, NAME, ZONE } from "./inventory-world.ts";
import { worldOfEachTest } from "./world-of-each-test.ts";

const inventory = worldOfEachTest();

const MARK_NAME = `_twokey.${NAME}`;
const mark = (says: string): RecordSet => ({ name: MARK_NAME, type: "TXT", ttlSeconds: 60, values: [`"${says}"`] });
const records = async (name = NAME) => factOf(await inventory().aws.traffic.records(ZONE, name));

interface Exchange {
  readonly from?: readonly RecordSet[];
  readonly to?: readonly RecordSet[];
  readonly over?: readonly RecordSet[];
}

async function exchange({ from = [], to = [], over = [] }: Exchange): Promise<void> {
  await inventory().aws.traffic.upsert({ zone: ZONE, records: over, exchange: { from, to }, comment: "run 1" });
  inventory().advance(51);
}

const MOVED = { name: "TransientError", code: "records-moved" };
const CNAME: RecordSet = { name: "shop.mycomputer.com", type: "CNAME", ttlSeconds: 60, values: ["one.example.com"] };

describe("an exchange", () => {
  test("is made while what it takes away stands there exactly", async () => {
    await exchange({ to: [mark("one")] });
    await exchange({ from: [mark("one")], to: [mark("two")] });

    expect(await records(MARK_NAME)).toEqual([mark("two")]);
  });

  test("of a mark that another change has exchanged is refused, and so is everything in its batch", async () => {
    const [first, ...others] = await records();
    if (!first) throw new Error("A record was expected");
    await exchange({ to: [mark("one")] });
    await exchange({ from: [mark("one")], to: [mark("two")] });
    const over = [{ ...first, weight: 7 }];

    await expect(exchange({ from: [mark("one")], to: [mark("late")], over })).rejects.toMatchObject(MOVED);
    await expect(exchange({ to: [mark("late")], over })).rejects.toMatchObject(MOVED);

    expect(await records()).toEqual([first, ...others]);
    expect(await records(MARK_NAME)).toEqual([mark("two")]);
    expect(mutations(inventory(), "ChangeResourceRecordSets").length).toBeGreaterThan(1);
  });

  test("of the sets themselves takes them away as Route 53 spells them, and is refused after an edit", async () => {
    const before = await records();
    const after = before.map((set) => ({ ...set, weight: set.weight === 100 ? 0 : 100 }));
    await exchange({ from: before, to: after });
    expect(await records()).toEqual(after);

    await expect(exchange({ from: before, to: after })).rejects.toMatchObject(MOVED);
    await expect(exchange({ to: after })).rejects.toMatchObject(MOVED);
    expect(await records()).toEqual(after);
  });

  test("of a CNAME that somebody wrote in capitals and with a final dot is made all the same", async () => {
    await exchange({ over: [{ ...CNAME, values: ["One.Example.com."] }] });
    expect(await records(CNAME.name)).toEqual([CNAME]);

    await exchange({ from: [CNAME], to: [{ ...CNAME, values: ["two.example.com"] }] });

    expect(await records(CNAME.name)).toEqual([{ ...CNAME, values: ["two.example.com"] }]);
  });

  test("that Route 53 refuses for another reason fails the step", async () => {
    const to = [{ ...CNAME, name: "shop.elsewhere.org" }];
    await expect(exchange({ to })).rejects.toMatchObject({ name: "StepFailed", code: "aws-refused" });
  });
});
