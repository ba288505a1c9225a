import { describe, expect, test } from "@jest/globals";
import type { Plan } from "../../src/domain/plan-run/plan.ts";
import type { RunState } from "../../src/domain/plan-run/run.ts";
import { observe } from "../../src/flows/observe.ts";
import { runbookOf } from "../../src/flows/runbooks/index.ts";
import { messageOf } from "../../src/integrations/slack/blocks.ts";
import { modalOf } from "../../src/integrations/slack/modal.ts";
import { cardText } from "../../src/views/card-text.ts";
import { keyForm } from "../../src/views/key-form.ts";
import { planCard, planDetails, planDetailsCard, planInFull } from "../../src/views/plan.ts";
import { darkPlan, healthyPrimaryPlan, INVENTORY, runStates } from "../cards/run-states.ts";
import { statesOf } from "../cards/runbook-states.ts";
import { fakeCloud, ordinaryDay } from "../harness/fakes/index.ts";
import { AT } from "../harness/observed.ts";
import { PROPOSED } from "../harness/proposed-plays.ts";

const never = (): never => {
  throw new Error("no plan is proposed");
};
const plays = PROPOSED.map((play) => [play.title, play] as const);

describe("what lies behind a plan", () => {
  test.each(plays)("%s: every step is in the thread, and none on the card", (_title, { inventory, run }) => {
    const [card, details] = [planCard(run, inventory, { nowMs: AT }), planDetailsCard(run, inventory)].map((each) =>
      cardText(each),
    );

    for (const { title } of run.plan.steps) {
      expect(details).toContain(title);
      // A plan of one step may be titled by it.
      if (!run.plan.title.includes(title)) expect(card).not.toContain(title);
    }
    for (const { words } of run.plan.acceptances) expect(details).toContain(words);
    expect(card).toContain("In the thread: the steps");
  });

  test.each(plays)("%s: the form in which a key is turned shows all of it", (_title, { inventory, run }) => {
    const { intro, fields } = keyForm(run, inventory);

    expect(intro).toEqual(expect.arrayContaining(planDetails(run, inventory)));
    expect(fields.map(({ label, hint }) => hint ?? label)).toEqual(run.plan.acceptances.map(({ words }) => words));
  });

  test("what speaks against a plan is read before its other dangers, and what a later one does better in the thread alone", () => {
    const run = healthyPrimaryPlan();
    const card = cardText(planCard(run, INVENTORY, { nowMs: AT, downSinceMs: AT - 60_000 }));
    const [against, danger] = [card.indexOf("still looks healthy"), card.indexOf("Programs that stay connected")];

    expect(card).toContain("The incident began at ");
    expect(card).not.toContain("Users have been down");
    expect(against).toBeGreaterThan(0);
    expect(danger).toBeGreaterThan(against);
    expect(card).not.toContain("A later plan ends them");
    expect(cardText(planDetailsCard(run, INVENTORY))).toContain(
      "those writes may be lost”. A later plan ends them with",
    );
  });

  test("a plan for the rest calls nobody down whom the run before it found served, or has moved", () => {
    const rest = darkPlan();
    const began = (before: readonly RunState[]) =>
      cardText(planCard(rest, INVENTORY, { nowMs: AT, downSinceMs: AT - 60_000, before }));
    const moved = runStates()["verified"] ?? never();

    expect(began([])).toContain("Users have been down since ");
    for (const before of [healthyPrimaryPlan(), moved]) expect(began([before])).toContain("The incident began at ");
  });

  test("the form says by when people must agree, and that the last key starts the run at once", () => {
    const { inventory, run } = PROPOSED.find(({ run: each }) => each.plan.keysRequired === 2) ?? PROPOSED[0] ?? never();
    const shown = cardText({ text: "", parts: keyForm({ ...run, state: "waiting-for-keys" }, inventory).intro ?? [] });

    expect(shown).toMatch(
      /Yours is key 1 of 2\. Alone it starts nothing\.\nThe last key starts the run at once: .* With too few keys by .* the plan is closed, and nothing is changed\./,
    );
  });

  test("with all keys but one, card and form say that the next one starts the run at once, also while somebody waits", () => {
    const { inventory, run } = PROPOSED.find(({ run: each }) => each.plan.keysRequired === 2) ?? never();
    const { digest } = run;
    const keys = [{ by: "somebody", door: "slack" as const, atMs: AT, digest, accepted: [] }];
    const one: RunState = { ...run, state: "waiting-for-keys", keys };
    const shown = (each: RunState) => [
      cardText(planCard(each, inventory, { nowMs: AT })),
      cardText({ text: "", parts: keyForm(each, inventory).intro }),
    ];

    const [card, form] = shown(one);
    expect(card).toMatch(/One more person must agree by .*; that key starts the run at once\./);
    expect(form).toContain("Yours is the last key: if you turn it, the run starts at once.");
    expect(form).toMatch(/somebody agreed\. Without one more key by .* the plan is closed, and nothing is changed\./);
    expect(keyForm(one, inventory).submit).toBe("Turn my key and start");
    for (const text of shown({ ...one, keys: [] })) expect(text).not.toContain("that key starts");
  });

  test.each(plays)(
    "%s: the end of the ledger stands on its card, on the copy, and in the form, each time once",
    (_title, { inventory, run }) => {
      const seal = "0123456789abcdef".repeat(4);
      const of = (ledger?: Plan["ledger"]): RunState => ({ ...run, plan: { ...run.plan, ...(ledger && { ledger }) } });
      const shown = (each: RunState) => [
        cardText(planCard(each, inventory, { nowMs: AT })),
        cardText(planInFull(each, inventory, { nowMs: AT })),
        cardText({ text: "", parts: keyForm(each, inventory).intro ?? [] }),
      ];

      for (const state of [of, (ledger?: Plan["ledger"]) => ({ ...of(ledger), state: "closed" as const })]) {
        for (const text of shown(state({ process: "bot-1", lines: 41, seal })))
          expect(text.split("For auditors: ledger of bot-1, line 41, hash 0123456789abcdef")).toHaveLength(2);
        for (const text of shown(state())) expect(text).not.toMatch(/ledger/i);
      }
      const [last] = planCard(of({ process: "bot-1", lines: 41, seal }), inventory, { nowMs: AT }).parts.slice(-1);
      expect(last).toMatchObject({ kind: "note", text: expect.arrayContaining(["For auditors: ledger of "]) });
    },
  );

  test("however much could not be checked or stays in DNS, each of it stands in the thread, in the copy and in the form that is signed", () => {
    const { inventory, run } = PROPOSED[0] ?? never();
    const many = (what: string) => Array.from({ length: 30 }, (_, at) => `${what} ${at + 1} of many `.padEnd(100, "."));
    const plan = { ...run.plan, unchecked: many("check"), staying: many("record set") };
    const all = { ...run, plan };
    const shown = [
      planDetailsCard(all, inventory),
      planInFull(all, inventory, { nowMs: AT }),
      { text: "", parts: keyForm(all, inventory).intro },
    ];

    const inSlack = [
      messageOf(shown[0] ?? never(), () => undefined),
      modalOf(keyForm(all, inventory), () => undefined),
    ];
    for (const text of [...shown.map((each) => cardText(each)), ...inSlack.map((each) => JSON.stringify(each))])
      expect([...plan.unchecked, ...plan.staying].filter((each) => !text.includes(each))).toEqual([]);
  });

  test("each set that stays under a moved name stands there, with why that is harmless", async () => {
    const [play] = PROPOSED.filter(({ title }) => title === "inventory failover");
    const service = play?.inventory.services.find(({ name }) => name === play.service);
    if (!play || !service) throw new Error("the example has a failover");
    const set = (name: string, type: string) => ({ name, type, ttlSeconds: 60, values: ["x"] });
    const quiet = fakeCloud(ordinaryDay(service));
    const beside = async (zone: string, name: string) => {
      const found = await quiet.traffic.records(zone, name);
      return found.known ? { ...found, value: [...found.value, set(name, "TXT"), set(name, "MX")] } : found;
    };
    const made = runbookOf({ runbook: "failover", id: "F-1" }).plan(
      {
        ...{ id: "F-1", service, inventory: play.inventory, nowMs: AT, reason: "a rehearsal", requester: "farid" },
        observed: await observe(service, fakeCloud({ traffic: { records: beside } }, quiet)),
        incident: undefined,
      },
      { mode: "unplanned", to: "eu-central-1" },
    );
    if (made.kind !== "plan") throw new Error(made.reasons.join(" "));

    const details = cardText(planDetailsCard({ ...play.run, plan: made.plan }, play.inventory));
    expect(details).toContain("Stays in DNS: it leads nobody to the old side");
    expect(details).toContain("TXT of api.mycomputer.com (text)");
    expect(details).toContain("MX of api.mycomputer.com (where mail goes)");
    expect(cardText(planDetailsCard(play.run, play.inventory))).not.toContain("Stays in DNS");
  });

  test.each(plays)(
    "%s: it never changes, so that a reply that is posted once is true",
    (_title, { inventory, run }) => {
      const asked = planDetailsCard(run, inventory);

      for (const each of Object.values(statesOf(run))) expect(planDetailsCard(each, inventory)).toEqual(asked);
    },
  );

  test("who agreed to which sentence, and when, stands in what is looked up afterwards", () => {
    const [play] = PROPOSED.filter(({ run }) => run.plan.acceptances.length > 1);
    const [first, second] = play?.run.plan.acceptances ?? [];
    if (!play || !first || !second) throw new Error("a plan of the examples is signed for in two sentences");
    const key = (by: string, accepted: readonly string[]) => ({
      ...{ by, door: "slack" as const, atMs: AT, digest: play.run.digest, accepted },
    });
    const run = { ...play.run, keys: [key("ana", [first.id, second.id]), key("ben", [first.id])] };

    const shown = cardText(planInFull(run, play.inventory, { nowMs: AT }), { nowMs: AT });
    const [agreed = ""] = shown.split("Agreed\n").slice(1);
    expect(agreed).toContain(`, to “${first.words}” and “${second.words}”`);
    expect(agreed.split("\n").filter((line) => line.includes(first.words))).toHaveLength(2);
    expect(cardText(planInFull(play.run, play.inventory, { nowMs: AT }))).not.toContain("Agreed\n");
  });

  test.each(plays)("%s: a reader without a thread sees both in one", (_title, { inventory, run }) => {
    const { parts } = planInFull(run, inventory, { nowMs: AT });

    expect(parts).toEqual(expect.arrayContaining(planDetails(run, inventory)));
    expect(JSON.stringify(parts)).not.toContain("In the thread: the steps");
  });
});
