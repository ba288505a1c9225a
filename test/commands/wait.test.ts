import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { renderCard } from "../../src/app/cards.ts";
import { createStores, type Stores } from "../../src/app/stores.ts";
import type { Answer } from "../../src/commands/intent.ts";
import { type WaitCommandDeps, wait } from "../../src/commands/wait.ts";
import type { Card } from "../../src/domain/card/card.ts";
import type { Incident } from "../../src/domain/incident/incident.ts";
import { planDigest } from "../../src/domain/plan-run/plan.ts";
import type { Wait } from "../../src/domain/plan-run/wait.ts";
import { tendWait } from "../../src/engine/delivery/waits.ts";
import { resolveIncident, TWOKEY } from "../../src/flows/incident/life/changes.ts";
import type { LedgerEntry } from "../../src/ports/runs.ts";
import { eventsOf } from "../../src/store/events.ts";
import type { ScriptedRedis } from "../../src/store/scripts.ts";
import { plainText } from "../../src/views/card-text.ts";
import { waitOverCard } from "../../src/views/wait.ts";
import { openedIncident } from "../cards/incident-states.ts";
import { example } from "../harness/example.ts";
import { quietLedger, who } from "../harness/fakes/index.ts";
import { AT } from "../harness/observed.ts";
import { planFor, proposed } from "../harness/plans.ts";
import { StoreBench } from "../harness/store.ts";

const inventory = example("inventory");
const nothing = async () => undefined;
const MINUTE = 60_000;
const BECAUSE = "because AWS says that it comes back";

let bench: StoreBench;
let redis: ScriptedRedis;
let stores: Stores;
let nowMs: number;
let lines: LedgerEntry[];
let warned: object[];
let deps: WaitCommandDeps;
beforeEach(async () => {
  bench = await StoreBench.start();
  redis = await bench.connect();
  nowMs = AT;
  lines = [];
  warned = [];
  stores = createStores(redis, () => nowMs);
  const clock = { now: () => nowMs, speed: 1, sleep: nothing };
  deps = {
    ...{ runs: stores.runs, incidents: stores.incidents, waits: stores.waits, clock },
    ledger: quietLedger({ append: async (line) => void lines.push(line) }),
    inventory: () => inventory,
    channelOf: async () => "C0PLANS",
    logger: { warn: (...said: unknown[]) => void warned.push(said) },
    tendWait: (service) => tendWait(service, { ...stores, clock, wake: { card: nothing, run: nothing } }),
  };
});
afterEach(() => bench.close());

const ask = (text: string, more: object = {}) => ({
  ...{ verb: "wait", args: text.split(" "), text, who: who("ana") },
  ...more,
});
const says = (text: string, more: object = {}): Promise<Answer> => wait(ask(text, more), deps);
const refusal = (text: string, more: object = {}): Promise<string> =>
  says(text, more).then(
    (answer) => `not refused: ${answer.kind}`,
    (error: unknown) => String(error),
  );
const stored = async () => (await stores.waits.get("inventory"))?.value;
const sweeps = () => deps.tendWait("inventory");

async function planWaits(wish: { readonly incident?: string } = {}) {
  const plan = { ...planFor(inventory, { id: "F-AAA111" }), ...wish };
  await stores.runs.create(plan, planDigest(plan), []);
  return plan;
}
async function incidentOpens(as: Partial<Incident> = {}): Promise<Incident> {
  const incident = { ...openedIncident(), ...as };
  await stores.incidents.change(incident.id, () => ({ value: incident, events: [] }));
  return incident;
}

async function closes({ id }: Incident): Promise<void> {
  const fields = { details: "x", impact: "x", followUps: "x", lessons: "x" };
  await stores.incidents.change(
    id,
    (current) => current && resolveIncident(current, { fields, by: "Ana" }, { actor: TWOKEY, nowMs }),
  );
}

/** What the room was told so far: the messages that are owed, as they are rendered now. */
async function told(): Promise<{ readonly id: string; readonly channel: string; readonly text: string }[]> {
  const owed = [];
  for (const id of await stores.cards.openIds()) {
    const card = (await stores.cards.get(id))?.value;
    if (!card?.kind.startsWith("wait")) continue;
    const shown = await render(card.kind, card.subject);
    if (shown) owed.push({ id, channel: "channel" in card.to ? card.to.channel : "", text: shown.text });
  }
  return owed.toSorted((one, other) => one.id.localeCompare(other.id));
}
const render = (kind: string, subject: string): Promise<Card | undefined> =>
  renderCard(kind, subject, {
    stores,
    clock: { now: () => nowMs, speed: 1, sleep: nothing },
    inventory: () => inventory,
  });
const linesOf = (card: Card | undefined): string =>
  JSON.stringify(card?.parts.map((part) => ("lines" in part ? part.lines.map((line) => plainText(line)) : part)));

describe("while a plan waits for keys", () => {
  test("it is recorded with its reason, told in the plan's room, shown on the plan card, and the time brings a reminder, once", async () => {
    await planWaits();
    const answer = await says(`5m ${BECAUSE}`);

    expect(answer.kind === "whisper" && answer.card.text).toMatch(
      /^You wait with inventory until .*, 5 min from now\./,
    );
    expect(await stored()).toMatchObject({
      ...{ number: 1, state: "standing", by: "ana", untilMs: AT + 5 * MINUTE, plan: "F-AAA111", isTold: true },
      reason: "AWS says that it comes back",
    });
    expect(lines).toMatchObject([{ kind: "wait", by: "ana", door: "slack", run: "F-AAA111" }]);
    expect(await told()).toEqual([
      {
        ...{ id: `wait:inventory:${AT}`, channel: "C0PLANS" },
        text: expect.stringMatching(
          /decided to wait until .*A key counts before that too.*“AWS says that it comes back”$/,
        ),
      },
    ]);
    const plan = linesOf(await render("plan", "F-AAA111"));
    expect(plan).toContain("then agree or refuse. A key counts before that too.");
    expect(plan).toContain("Ana Keller decided to wait: “AWS says that it comes back”");

    nowMs += 5 * MINUTE - 1;
    await sweeps();
    expect((await told()).length).toBe(1);
    nowMs += 1;
    // Two processes, and one that begins again after the other has died.
    await Promise.all([sweeps(), sweeps()]);
    await sweeps();

    expect(await told()).toEqual([
      {
        ...{ id: `wait-over:inventory:${AT}`, channel: "C0PLANS" },
        text: expect.stringMatching(
          /^@Ana Keller, @.*: the wait until .* is over\. Two people must agree to plan F-AAA111 by /,
        ),
      },
    ]);
    expect(linesOf(await render("plan", "F-AAA111"))).not.toContain("Waiting until");
    expect(await stores.waits.openIds()).toEqual([]);
    const kinds = (await eventsOf(redis, "run", "F-AAA111")).map(({ kind }) => kind);
    expect(kinds).toEqual(["wait.decided", "wait.over"]);
  });

  test("a time that is hours ahead has its date wherever it stands, and in the ledger where it is another day", async () => {
    await planWaits();
    const answer = await says(`02:00 ${BECAUSE}`);

    const date = "2026-11-22 02:00:00Z";
    expect(answer.kind === "whisper" && answer.card.text).toContain(date);
    expect(lines[0]?.says).toContain(date);
    expect((await told())[0]?.text).toContain(date);
    expect(JSON.stringify((await render("plan", "F-AAA111"))?.parts)).toContain(
      JSON.stringify({ timeMs: Date.parse("2026-11-22T02:00:00Z") }),
    );
  });

  test("the first message mentions nobody and says who decides; what begins again after an unreadable document is told too", async () => {
    await planWaits();
    await says(`5m ${BECAUSE}`);
    expect((await told())[0]?.text).toMatch(/^Ana Keller decided .*Approvers who are left: .*Ben Osei/);
    expect((await told())[0]?.text).not.toContain("@");

    await redis.del(`{twokey}:wait:inventory`);
    nowMs += 1_000;
    await says(`5m ${BECAUSE}`);
    expect(await stored()).toMatchObject({ number: 1 });
    expect((await told()).map(({ id }) => id)).toEqual([`wait:inventory:${AT + 1_000}`]);
  });

  test("its plan waits on while its incident is closed: the wait stands, and reminds", async () => {
    const incident = await incidentOpens();
    await planWaits({ incident: incident.id });
    await says(`5m ${BECAUSE}`);
    await closes(incident);
    await sweeps();

    expect(await stored()).toMatchObject({ state: "standing", incident: incident.id });
    nowMs += 5 * MINUTE;
    await sweeps();
    expect((await told())[0]?.text).toMatch(/is over\. Two people must agree to plan F-AAA111/);
  });

  test("deciding again replaces it: the first one reminds nobody", async () => {
    await planWaits();
    await says(`5m ${BECAUSE}`);
    await says("8m because of the lag", { who: who("chloe") });

    nowMs += 6 * MINUTE;
    await sweeps();
    expect((await told()).map(({ id }) => id)).toEqual([`wait:inventory:${AT + 1}`]);
    expect(await stored()).toMatchObject({ number: 2, by: "chloe", reason: "of the lag" });
    nowMs += 2 * MINUTE;
    await sweeps();
    expect((await told()).map(({ id }) => id)).toEqual([`wait-over:inventory:${AT + 1}`]);
  });

  test("a plan that takes no keys by then: everybody is told how to get a new one", async () => {
    const { startByMs } = await planWaits();
    const answer = await says(`40m ${BECAUSE}`);

    expect(startByMs).toBeLessThan(AT + 40 * MINUTE);
    const card = linesOf(await render("plan", "F-AAA111"));
    expect(card).toMatch(/Waiting until .*, but agree or refuse by .*: this plan closes then\./);
    expect(card).not.toContain("then agree or refuse");
    const way = /Plan F-AAA111 takes keys only until .*\. For a new one then: \/dr failover inventory\./;
    expect(answer.kind === "whisper" && answer.card.text).toMatch(way);
    expect((await told())[0]?.text).toMatch(way);
  });

  test.each([
    ["a run that has started since ends it", 1, "ended"],
    ["a run whose rest it is about had started before, and does not", -1, "standing"],
  ])("%s", async (_title, laterMs, state) => {
    await planWaits();
    await says(`5m ${BECAUSE}`);
    const run = { ...proposed(inventory, { id: "F-BBB222" }), startedAtMs: AT + laterMs };
    const runs = { holderOf: async () => "F-BBB222", read: async () => run, openIds: async () => [] };
    const wake = { card: nothing, run: nothing };
    await tendWait("inventory", { ...stores, runs, clock: { now: () => nowMs }, wake });

    expect(await stored()).toMatchObject({ state });
  });

  test("the button of the card opens the form of its plan, and what is wrong in it stands beside its fields", async () => {
    await planWaits();
    const answer = await says("", { value: "F-AAA111:digest" });
    expect(answer).toMatchObject({ kind: "form", form: { intent: "wait", context: "F-AAA111" } });

    const sent = (fields: object) => says("", { value: "F-AAA111", fields });
    expect(await sent({ until: "noon" })).toEqual({
      kind: "field-errors",
      errors: { until: expect.stringContaining("“noon” is no time"), reason: expect.stringContaining("Say why") },
    });
    expect(await sent({ until: "3d", reason: "x" })).toMatchObject({ kind: "field-errors" });
    expect(await stored()).toBeUndefined();
    expect((await sent({ until: "5m", reason: "the lag" })).kind).toBe("whisper");
    expect(await stored()).toMatchObject({ reason: "the lag", plan: "F-AAA111" });
  });
});

describe("while an incident is open and nobody has planned", () => {
  test("its room is told and reminded of how to get a plan; its card and the board show it until then", async () => {
    const { id, channel } = await incidentOpens();
    const room = { channel: channel?.id };
    await says(`until 03:40 ${BECAUSE}`, room);

    expect(await stored()).toMatchObject({ incident: id, untilMs: Date.parse("2026-11-21T03:40:00Z") });
    expect((await told())[0]).toMatchObject({ channel: channel?.id });
    expect(linesOf(await render("incident", id))).toContain(
      "until 03:40:00Z with inventory, then decide. Ana Keller says why: “AWS says that it comes back”",
    );
    nowMs = Date.parse("2026-11-21T03:40:00Z");
    await sweeps();

    expect((await told())[0]?.text).toMatch(/No plan waits for keys\. A plan is made by \/dr failover/);
    expect(linesOf(await render("incident", id))).not.toContain("Waiting until");
    const kinds = (await eventsOf(redis, "incident", id)).map(({ kind }) => kind);
    expect(kinds).toEqual(["wait.decided", "wait.over"]);
  });

  test("closing the incident ends it, and nobody is reminded", async () => {
    const incident = await incidentOpens();
    await says(`5m ${BECAUSE}`);
    await closes(incident);
    nowMs += 5 * MINUTE;
    await sweeps();

    expect(await stored()).toMatchObject({ state: "ended", isTold: true });
    expect(await told()).toEqual([]);
  });
});

test("the reminder in the middle of a run says that it is under way, and offers no plan", () => {
  const wait: Wait = {
    ...{ service: "inventory", number: 1, state: "over", atMs: AT, untilMs: AT + MINUTE, by: "ana", door: "slack" },
    ...{ reason: "the lag", channel: "C1", isTold: false },
  };
  const moving = proposed(inventory, { id: "F-BBB222" });
  const { text } = waitOverCard({ wait, run: undefined, moving, inventory, asks: "/dr failover" }, AT + MINUTE);

  expect(text).toContain("Run F-BBB222 is under way.");
  expect(text).not.toMatch(/No plan waits|A plan is made|To wait on/);
});

describe("while two incidents of its service are open", () => {
  const second = (as: Partial<Incident> = {}) =>
    incidentOpens({ id: "I-5AAAAA", channel: { id: "C0SECOND", name: "inc-second" }, ...as });
  beforeEach(async () => {
    await incidentOpens();
  });

  test.each([
    ["the one that is named", `I-5AAAAA 5m ${BECAUSE}`, {}],
    ["the one whose room it is", `5m ${BECAUSE}`, { channel: "C0SECOND" }],
    ["the one whose room it is, where the service is named", `inventory 5m ${BECAUSE}`, { channel: "C0SECOND" }],
  ])("it is recorded for %s", async (_title, words, more) => {
    await second();
    await says(words, more);
    expect(await stored()).toMatchObject({ service: "inventory", incident: "I-5AAAAA", channel: "C0SECOND" });
  });

  test("it is recorded for that of the plan which is named, and through the form for that of the room", async () => {
    await second();
    const form = await says("", { channel: "C0SECOND" });
    expect(form).toMatchObject({ kind: "form", form: { context: "I-5AAAAA:inventory" } });
    await says("", { value: "I-5AAAAA:inventory", fields: { until: "5m", reason: "x" } });
    expect(await stored()).toMatchObject({ incident: "I-5AAAAA" });

    await planWaits({ incident: openedIncident().id });
    await says(`F-AAA111 5m ${BECAUSE}`, { channel: "C0SECOND" });
    expect(await stored()).toMatchObject({ incident: openedIncident().id });
  });

  test("one that lists no service says that it needs one, and takes the one that is named in its room", async () => {
    await second({ services: [] });
    const room = { channel: "C0SECOND" };
    expect(await refusal(`5m ${BECAUSE}`, room)).toMatch(
      /Incident I-5AAAAA names no service .*before the time; \/dr help wait shows how\./,
    );
    await says(`inventory 5m ${BECAUSE}`, room);
    expect(await stored()).toMatchObject({ incident: "I-5AAAAA", channel: "C0SECOND" });
  });

  test("one that is closed is waited with by nobody", async () => {
    await closes(await second());
    expect(await refusal(`I-5AAAAA 5m ${BECAUSE}`)).toMatch(/Incident I-5AAAAA is closed, so nobody waits with it/);
  });
});

describe("what is no decision to wait", () => {
  test.each([
    ["20m because x", /Nothing is open that could wait/],
    ["inventry 20m because x", /“inventry” is no service.* Did you mean inventory\?/],
    ["inventory 20m because x", /No plan of inventory waits for keys, and no incident of it is open/],
  ])("%s, where nothing is open", async (words, why) => {
    expect(await refusal(words)).toMatch(why);
  });

  test.each([
    ["3.40 because x", /“3.40” is no time\. Write 03:40, which is in UTC/],
    ["inventory later because x", /“later” is no time/],
    ["20m", /Say why/],
    ["0m because x", /too short/],
    ["03:12 because x", /“03:12” has just passed: in UTC it is 03:12:45Z now/],
    ["03:40 CET because x", /“03:40 CET” is not read\. Write only a time in UTC.* In UTC it is 03:12 now\./],
    ["11:30 pm x", /“11:30 pm” is not read/],
    ["25h because x", /“25h” is too long\. Wait 24 hours at most/],
  ])("%s: nothing is recorded", async (words, why) => {
    await planWaits();
    expect(await refusal(words)).toMatch(why);
    expect(await refusal(words)).toContain("Nothing was changed.");
    expect([await stored(), lines]).toEqual([undefined, []]);
  });

  test("behind 03:40 UTC stands the reason", async () => {
    await planWaits();
    await says("03:40 UTC because x");
    expect(await stored()).toMatchObject({ untilMs: Date.parse("2026-11-21T03:40:00Z"), reason: "x" });
  });

  test("a room that cannot be told at once is told by the sweep, and nobody is asked to decide again", async () => {
    await planWaits();
    const before = deps;
    deps = { ...deps, tendWait: () => Promise.reject(new Error("Redis hiccups")) };
    const answer = await says(`5m ${BECAUSE}`);

    expect([answer.kind, warned.length, await told()]).toEqual(["whisper", 1, []]);
    await before.tendWait("inventory");
    expect(await told()).toHaveLength(1);
  });

  test("a ledger that takes no line keeps nobody from waiting, and it is said", async () => {
    await planWaits();
    deps = { ...deps, ledger: quietLedger({ append: () => Promise.reject(new Error("no space left")) }) };
    const answer = await says(`5m ${BECAUSE}`);

    expect(answer.kind === "whisper" && answer.card.text).toContain("The ledger does not have it: no space left.");
    expect(await stored()).toMatchObject({ state: "standing" });
  });
});
