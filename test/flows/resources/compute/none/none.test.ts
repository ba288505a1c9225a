import { describe, expect, test } from "@jest/globals";
import type { HealthVerdict } from "../../../../../src/domain/service/health.ts";
import { observe } from "../../../../../src/flows/observe.ts";
import type { ComputeMoving } from "../../../../../src/flows/resources/abilities.ts";
import { checkAnswer } from "../../../../../src/flows/resources/compute/none/check-answer.ts";
import { none } from "../../../../../src/flows/resources/compute/none/index.ts";
import { placesOf } from "../../../../../src/flows/resources/places.ts";
import { example } from "../../../../harness/example.ts";
import { contextIn, fakeCloud, ordinaryDay } from "../../../../harness/fakes/index.ts";

const desk = example("every-kind").services.find(({ name }) => name === "desk");
const machines = desk && placesOf(desk).find(({ id }) => id === "compute.machines");
if (!desk || !machines) throw new Error("the example has a desk");

const MOVING = {
  ...{
    from: "eu-west-1",
    to: "eu-central-1",
    mode: "unplanned" as const,
    continues: undefined,
    isDark: false,
    isAllSilent: false,
  },
  ...{ url: "https://desk.hotels.example/health", via: "desk-b.machines.example", byHandFirst: [], ledBy: [] },
} satisfies ComputeMoving;
const SLOT = { id: (base: string) => base, after: ["check-writable"] };

describe("machines that TwoKey neither starts nor stops", () => {
  const at = { ...machines, seen: {} };

  test("are not looked at, and key holders are told so", async () => {
    const { resources } = await observe(desk, fakeCloud(ordinaryDay(desk)));

    expect(resources["compute.machines"]).toMatchObject({ in: {}, facts: [], seen: {} });
    expect(none.compute?.unchecked(at, MOVING)).toEqual([
      "whether what uses desk runs in eu-central-1: TwoKey starts nothing of it",
    ]);
  });

  test("are neither closed nor started by a plan", () => {
    expect([none.fence, none.compute?.prepare(at, MOVING, SLOT)]).toEqual([undefined, undefined]);
  });

  test("are asked on the new side before users come, by the name that leads there in any case", () => {
    expect(none.compute?.prove(at, MOVING, SLOT)).toMatchObject({
      ...{ id: "check-direct", does: "check-answer", after: ["check-writable"], wayBack: "nothing-to-undo" },
      input: { region: "eu-central-1", service: "desk", via: "desk-b.machines.example" },
    });
  });

  test("are asked only after what people have to point at the database by hand first", () => {
    const byHandFirst = [{ name: "rooms.desk.internal", blocks: [] }];

    expect(none.compute?.prove(at, { ...MOVING, byHandFirst }, SLOT)).toMatchObject({
      ...{ title: expect.stringMatching(/^Wait for rooms\.desk\.internal /), input: { byHandFirst } },
    });
  });

  test("are not asked where no name leads to the new side alone", () => {
    expect(none.compute?.prove(at, { ...MOVING, via: undefined }, SLOT)).toBeUndefined();
  });
});

describe("the answer of the new side", () => {
  const INPUT = {
    region: "eu-central-1",
    service: "desk",
    url: MOVING.url,
    via: MOVING.via,
    byHandFirst: [],
    ledBy: [],
  };
  const verified = (verdict: HealthVerdict) => {
    const asked: unknown[] = [];
    const cloud = fakeCloud({
      probe: {
        health: async (url, options) => {
          asked.push([url, options?.via]);
          return verdict;
        },
      },
    });
    return checkAnswer.verify(INPUT, {}, contextIn(cloud)).then((answer) => ({ answer, asked }));
  };

  test("is asked for straight at its own name, and changes nothing", async () => {
    const { answer, asked } = await verified({ kind: "healthy", status: 200 });

    expect(answer).toMatchObject({ done: true, says: "the application writes" });
    expect(asked).toEqual([[MOVING.url, MOVING.via]]);
    expect(await checkAnswer.run(INPUT, contextIn(fakeCloud({})))).toEqual({ requestIds: [], data: {} });
    expect(checkAnswer.permissions(INPUT)).toEqual([]);
  });

  test.each<[string, HealthVerdict, object]>([
    [
      "answers that it is ill",
      { kind: "unhealthy", status: 503, why: '{"db":"down"}' },
      { says: "desk in eu-central-1 gives errors (HTTP 503)", reply: '{"db":"down"}' },
    ],
    [
      "gives no answer",
      { kind: "unreachable", why: "timed out" },
      { says: "desk in eu-central-1 gives no answer (timed out)" },
    ],
  ])("is waited for while it %s, and people see it in words", async (_what, verdict, told) => {
    expect((await verified(verdict)).answer).toEqual({ done: false, ...told });
  });

  test("waits for people where they have to point the application at its database first", () => {
    const block = { commands: ["aws route53 …"], goOn: "when that says INSYNC." };
    const byHandFirst = [{ name: "rooms.desk.internal", blocks: [block] }];

    expect(checkAnswer.title({ ...INPUT, byHandFirst })).toContain("Wait for rooms.desk.internal");
    expect(checkAnswer.times({ ...INPUT, byHandFirst }).deadlineMs).toBeGreaterThan(
      checkAnswer.times(INPUT).deadlineMs,
    );
    expect(checkAnswer.byHand({ ...INPUT, byHandFirst })[0]).toEqual(block);
  });
});
