import { describe, expect, test } from "@jest/globals";
import { ack } from "../../../../src/commands/ack.ts";
import { declare } from "../../../../src/commands/declare.ts";
import { escalate } from "../../../../src/commands/escalate.ts";
import type { IncidentCommandDeps } from "../../../../src/commands/incident-deps.ts";
import type { Answer, Ask } from "../../../../src/commands/intent.ts";
import { onCall } from "../../../../src/commands/oncall.ts";
import { actualsOf, resolve } from "../../../../src/commands/resolve.ts";
import { severity } from "../../../../src/commands/severity.ts";
import { update } from "../../../../src/commands/update.ts";
import { TransientError } from "../../../../src/domain/errors.ts";
import type { RegionRead } from "../../../../src/domain/incident/alarm-reads.ts";
import { nameOfAlarm } from "../../../../src/domain/incident/alert.ts";
import type { Inventory } from "../../../../src/domain/service/inventory.ts";
import { parseCommand } from "../../../../src/doors/slack/command-text.ts";
import { type AgainstSources, againstClosing } from "../../../../src/flows/incident/life/against-closing.ts";
import { cardText } from "../../../../src/views/card-text.ts";
import { headlineOf } from "../../../../src/views/incident.ts";
import { resolutionCard } from "../../../../src/views/resolution.ts";
import { initialFields } from "../../../../src/views/update.ts";
import { degradedHome, runStates, SERVICE } from "../../../cards/run-states.ts";
import { example } from "../../../harness/example.ts";
import { guest, MINUTE, recordedMail, START_MS, who } from "../../../harness/fakes/index.ts";
import { seenOn } from "../../../harness/observed.ts";
import { type Bridge, bridge, pass } from "../bridge.ts";
import { inventory, signal } from "../file.ts";

/** As the app makes them: in capitals, to be read aloud. */
const DECLARED = "I-7KQ2MX";

function ask(verb: string, text: string, over: Partial<Ask> & { person?: string } = {}): Ask {
  const { person = "ana", ...rest } = over;
  const args = [...text.matchAll(/"([^"]*)"|(\S+)/g)].map((found) => found[1] ?? found[2] ?? "");
  return { verb, text, args, who: who(person), ...rest };
}

function commandsOf(desk: Bridge, over: Partial<IncidentCommandDeps> = {}): IncidentCommandDeps {
  return {
    ...desk,
    runInProgress: () => Promise.resolve(undefined),
    measured: () => Promise.resolve({}),
    againstClosing: (incident) => againstClosing(incident, sourcesOf(desk)),
    newId: () => DECLARED,
    ...over,
  };
}

const REGION = "us-east-1";
/** Who is called, and who turns keys, each a line. */
function telephones(answer: Answer): string[][] {
  expect(answer.kind).toBe("whisper");
  const parts = answer.kind === "whisper" ? answer.card.parts : [];
  const from = parts.findIndex((part) => JSON.stringify(part).includes("only you see this"));
  return parts
    .slice(from)
    .flatMap((part) => (part.kind === "lines" ? [part.lines] : []))
    .map((lines) => lines.map((line) => [line].flat().map(wordOf).join("")));
}
const wordOf = (span: unknown): string =>
  typeof span === "string" ? span : String(Object.values(span as object).at(0));

/** The states of the region's alarms were read a moment ago. */
const readNow = (desk: Bridge, read: Partial<RegionRead> = {}) => {
  const nowMs = desk.clock.now();
  const regions = { [REGION]: { askedAtMs: nowMs, readAtMs: nowMs, ...read } };
  return { get: () => Promise.resolve({ value: { sinceMs: START_MS, regions }, revision: 1 }) };
};
const sourcesOf = (desk: Bridge): AgainstSources => ({
  ...{ alerts: desk.alerts, alarmReads: readNow(desk), nowMs: () => desk.clock.now() },
  seen: { get: () => Promise.resolve(undefined) },
  runs: { openIds: () => Promise.resolve([]), read: () => Promise.resolve(undefined) },
});
const isOk = (name: string) => signal(name, { state: "ok", changedAtMs: START_MS + MINUTE });

describe("intents about incidents", () => {
  test("declaring pages at once", async () => {
    const desk = bridge(inventory());
    await declare(ask("declare", "sev1 checkout is down"), commandsOf(desk));
    await desk.pages(DECLARED);
    expect(desk.paging.triggers).toHaveLength(1);
    expect((await desk.incident(DECLARED)).title).toBe("checkout is down");
  });

  const served: Inventory = { ...inventory(), services: example("inventory").services };

  test.each([
    { typed: "sev1 inventory is down", wanted: "sev1", services: ["inventory"], title: "inventory is down" },
    { typed: "sev 1 inventory is down", wanted: "sev1", services: ["inventory"], title: "inventory is down" },
    { typed: "inventory Severity-1 is down", wanted: "sev1", services: ["inventory"], title: "inventory is down" },
    { typed: "inventory SEV1 is down", wanted: "sev1", services: ["inventory"], title: "inventory is down" },
    {
      typed: "inventory answers with errors",
      wanted: "sev2",
      services: ["inventory"],
      title: "inventory answers with errors",
    },
    {
      typed: "sev1 inventory checkout is slow",
      wanted: "sev1",
      services: ["inventory"],
      title: "inventory checkout is slow",
    },
    ...[
      "SEV1: inventory is down",
      "sev1, inventory is down",
      "sev 1: inventory is down",
      "sev one inventory is down",
    ].map((typed) => ({ typed, wanted: "sev1", services: ["inventory"], title: "inventory is down" })),
    ...[
      "medium inventory: is down",
      "prio3 – inventory is down",
      "P3 - inventory is down",
      "sev-three inventory is down",
    ].map((typed) => ({ typed, wanted: "sev3", services: ["inventory"], title: "inventory is down" })),
    // What says what is wrong pages people, whatever it begins with.
    ...["s3 uploads fail", "low disk space", "3 hosts are down", "high latency", "critical path is slow"].map(
      (typed) => ({
        ...{ typed, wanted: "sev2", services: [], title: typed },
      }),
    ),
    { typed: "slow orders", wanted: "sev2", services: [], title: "slow orders" },
    { typed: "serve1 is down", wanted: "sev2", services: [], title: "serve1 is down" },
    { typed: "the sev1 drill of inventory", wanted: "sev2", services: [], title: "the sev1 drill of inventory" },
  ])("declaring $typed keeps the whole sentence as its title", async ({ typed, wanted, services, title }) => {
    const desk = bridge(served);
    await declare(ask("declare", typed), commandsOf(desk));
    expect(await desk.incident(DECLARED)).toMatchObject({ severity: wanted, services, title });
  });

  test.each([
    { typed: "sev9 inventory is down", code: "severity-unknown", says: /There are: sev1, sev2, sev3, sev4/ },
    { typed: "sev 7 inventory is down", code: "severity-unknown", says: /no severity sev7/ },
    { typed: "inventory p7 is down", code: "severity-unknown", says: /no severity p7/ },
    { typed: "sevv1 inventory is down", code: "severity-unknown", says: /no severity sevv1/ },
    { typed: "sv1: inventory is down", code: "severity-unknown", says: /no severity sv1\./ },
    { typed: "critcal inventory is down", code: "severity-unknown", says: /no severity critcal/ },
    { typed: "sev1 sev2 inventory is down", code: "severity-unknown", says: /Is it sev1 or sev2\?/ },
    {
      typed: "sev1 inventroy is down",
      code: "service-unknown",
      says: /Did you mean: \/dr declare sev1 inventory is down\?/,
    },
  ])("declaring $typed declares nothing, and says what was meant", async ({ typed, code, says }) => {
    const desk = bridge(served);
    await expect(declare(ask("declare", typed), commandsOf(desk))).rejects.toMatchObject({
      ...{ code, message: expect.stringMatching(says) },
    });
    expect(desk.incidents.all()).toEqual([]);
  });

  test("guard declared twice: two people who declare for one service at once open one incident, and both are told which", async () => {
    const desk = bridge(served);
    const says = async (id: string, what: string) => {
      const answer = await declare(ask("declare", `sev1 inventory ${what}`), commandsOf(desk, { newId: () => id }));
      return answer.kind === "whisper" ? answer.card.text : answer.kind;
    };

    const said = await Promise.all([says("I-ONE", "is down"), says("I-TWO", "answers nobody")]);

    const [only = "", ...others] = await desk.incidents.openIds();
    expect(others).toEqual([]);
    expect(said.toSorted()).toEqual([
      expect.stringMatching(new RegExp(`^SEV1 declared: inventory .* \\(${only}\\)`)),
      `inventory has an open incident: ${only}. Your words are noted there, and you are invited. Please continue there.`,
    ]);
    expect((await desk.correlation.get("index"))?.value.open.map(({ id }) => id)).toEqual([only]);
  });

  test("guard declared too: what a second person declares, at once or later, stands in the room, they are invited, and they read how to raise its severity", async () => {
    for (const isFirst of [false, true]) {
      const desk = bridge(served);
      const anas = () => declare(ask("declare", "sev4 inventory is slow"), commandsOf(desk, { newId: () => "I-ANA" }));
      const words = ask("declare", "sev1 inventory is down", { person: "ben" });
      const bens = () => declare(words, commandsOf(desk, { newId: () => "I-BEN" }));
      const before = isFirst ? await anas() : undefined;
      const [, answer] = await Promise.all([before ?? anas(), bens()]);
      await pass(desk, "I-ANA", 1);

      expect(answer).toMatchObject({
        card: {
          text: "inventory has an open incident: I-ANA. Your words are noted there, and you are invited. Please continue there. It is SEV4, and stays so. To raise it: /dr severity I-ANA sev1.",
        },
      });
      const incident = await desk.incident("I-ANA");
      expect(incident).toMatchObject({ severity: "sev4", title: "inventory is slow", declaredBy: "ana" });
      expect(incident.invited).toContain("ben");
      const says = "Ben declared it too, as SEV1: inventory is down";
      expect(desk.chat.messages.map(({ text }) => text)).toContain(says);
      expect(desk.incidents.events).toContainEqual(
        expect.objectContaining({ kind: "incident.declared-too", by: "ben", door: "slack", says }),
      );
    }
  });

  test("somebody who is not listed and declares what is open reads that their words are noted, and whom to ask for a higher severity", async () => {
    const desk = bridge(served);
    await declare(ask("declare", "sev3 inventory is slow"), commandsOf(desk));
    const answer = await declare({ ...ask("declare", "sev1 inventory is down"), who: guest("zed") }, commandsOf(desk));
    expect(answer).toMatchObject({
      card: {
        text: `inventory has an open incident: ${DECLARED}. Your words are noted there. Please continue there. It is SEV3, and stays so. Ask a responder to raise it: /dr severity ${DECLARED} sev1.`,
      },
    });
    expect((await desk.incident(DECLARED)).alsoDeclaredBy).toEqual([]);
  });

  test("a declaration that an alarm of its service overtakes counts as declared, with its severity and its words", async () => {
    const rules = [
      { name: "r", match: { alarm: "*" }, service: "inventory", severity: "sev3" as const, opens_incident: true },
    ];
    const { file } = served;
    const desk = bridge({ ...served, file: { ...file, alerts: { ...file.alerts, rules } } });
    const overtaken: typeof desk.incidents.change = async (id, decide) => {
      await desk.intake.take(signal("inventory-lag"));
      return desk.incidents.change(id, decide);
    };
    const deps = commandsOf(desk, { incidents: { ...desk.incidents, change: overtaken } });

    const answer = await declare(ask("declare", "sev1 inventory is down"), deps);

    expect(answer).toMatchObject({
      card: {
        text: `SEV1 declared: inventory is down (${DECLARED}). An alarm of it came in the same moment. Its channel is being opened; you are invited.`,
      },
    });
    expect(await desk.incident(DECLARED)).toMatchObject({
      ...{ severity: "sev1", title: "inventory-lag", alsoDeclaredBy: ["ana"] },
      notes: [{ says: "Ana declared it too, as SEV1: inventory is down" }],
    });
  });

  test("guard taken back: a declaration that the store refuses leaves the row of an incident that somebody else opened by it, and no other", async () => {
    const desk = bridge(served);
    const refused = (before: () => Promise<unknown>) => async (): Promise<never> => {
      await before();
      throw new TransientError("store-full", "the store is full");
    };
    const declares = (id: string, before: () => Promise<unknown>) => {
      const incidents = { ...desk.incidents, change: refused(before) };
      return declare(ask("declare", "sev1 inventory is down"), commandsOf(desk, { incidents, newId: () => id }));
    };
    const rows = async () => (await desk.correlation.get("index"))?.value.open.map(({ id }) => id);

    await expect(declares("I-NONE", async () => undefined)).rejects.toMatchObject({ code: "act-not-done" });
    expect(await rows()).toEqual([]);

    const second = () => declare(ask("declare", "sev1 inventory fails"), commandsOf(desk));
    await expect(declares("I-ROW", second)).rejects.toMatchObject({ code: "act-not-done" });
    expect(await desk.incidents.openIds()).toEqual(["I-ROW"]);
    expect(await rows()).toEqual(["I-ROW"]);
  });

  test.each([
    ["of this service alone", ["inventory"]],
    ["of several services, this one among them", ["search", "inventory"]],
  ])(
    "a row of the index %s that a process left without its incident is the one that is opened",
    async (_of, services) => {
      const desk = bridge(served);
      const row = { id: "I-LEFT", scope: "service" as const, services, severity: "sev2" as const };
      await desk.correlation.change("index", () => ({
        value: { open: [{ ...row, openedAtMs: START_MS, absorbed: [] }], alarms: [] },
        events: [],
      }));

      await declare(ask("declare", "sev1 inventory is down"), commandsOf(desk));

      expect(await desk.incidents.openIds()).toEqual(["I-LEFT"]);
      expect((await desk.incident("I-LEFT")).title).toBe("inventory is down");
    },
  );

  test("a row of an incident that is closed keeps nobody from declaring another", async () => {
    const desk = bridge(served);
    await declare(ask("declare", "sev1 inventory is down"), commandsOf(desk, { newId: () => "I-OLD" }));
    await desk.incidents.change("I-OLD", (current) =>
      current ? { value: { ...current, state: "resolved" as const }, events: [] } : undefined,
    );

    await declare(ask("declare", "sev1 inventory is down"), commandsOf(desk));

    expect(await desk.incidents.openIds()).toEqual([DECLARED]);
    expect((await desk.correlation.get("index"))?.value.open.map(({ id }) => id)).toEqual([DECLARED]);
  });

  test("the first alarm of the service joins what was declared", async () => {
    const rules = [
      { name: "r", match: { alarm: "*" }, service: "inventory", severity: "sev1" as const, opens_incident: true },
    ];
    const { file } = served;
    const desk = bridge({ ...served, file: { ...file, alerts: { ...file.alerts, rules } } });
    await declare(ask("declare", "sev1 inventory is down"), commandsOf(desk));
    const alarm = signal("inventory-lag", { changedAtMs: START_MS + MINUTE });

    expect(await desk.intake.take(alarm)).toMatchObject({ incident: DECLARED });

    expect(await desk.incident(DECLARED)).toMatchObject({
      ...{ alerts: [{ name: "inventory-lag" }], lastAlertAtMs: START_MS + MINUTE },
    });
  });

  test("a service is meant in any case", async () => {
    const desk = bridge(served);
    await declare(ask("declare", "sev1 Inventory is down"), commandsOf(desk));
    expect(await desk.incident(DECLARED)).toMatchObject({ services: ["inventory"], title: "inventory is down" });
  });

  test("a title that begins with the service says it once, on the card and at the pager", async () => {
    const desk = bridge(served);
    await declare(ask("declare", "sev1 inventory is down"), commandsOf(desk));
    await desk.pages(DECLARED);
    expect(headlineOf(await desk.incident(DECLARED))).toBe("SEV1 · inventory is down");
    expect(desk.paging.triggers.map(({ page }) => page.summary)).toEqual(["SEV1 inventory is down"]);
  });

  test.each([
    { typed: "", severity: "sev2", service: "unnamed" },
    { typed: "sev1", severity: "sev1", service: "unnamed" },
    { typed: "inventory", severity: "sev2", service: "inventory" },
    { typed: "inventory sev1", severity: "sev1", service: "inventory" },
  ])("declaring $typed asks what is wrong in a form that has what was said", async ({ typed, severity, service }) => {
    const desk = bridge(served);
    const answer = await declare(ask("declare", typed), commandsOf(desk));
    const initial = answer.kind === "form" ? answer.form.fields.map((field) => [field.id, field.initial]) : [];
    expect(Object.fromEntries(initial)).toEqual({ what: undefined, severity, service });
    expect(desk.incidents.all()).toEqual([]);
  });

  test.each([
    {
      fields: { what: "checkout is slow", severity: "sev1", service: "inventory" },
      title: "inventory checkout is slow",
    },
    {
      fields: { what: "sev2 is too low for this", severity: "sev1", service: "unnamed" },
      title: "sev2 is too low for this",
    },
    { fields: { what: "inventory down", severity: "sev1", service: "unnamed" }, title: "inventory down" },
    { fields: { what: "Inventory is down", severity: "sev1", service: "inventory" }, title: "Inventory is down" },
  ])("the form declares what it says: $title", async ({ fields, title }) => {
    const desk = bridge(served);
    await declare(ask("declare", "", { fields, value: "" }), commandsOf(desk));
    const services = fields.service === "unnamed" ? [] : [fields.service];
    expect(await desk.incident(DECLARED)).toMatchObject({ severity: "sev1", title, services });
  });

  test("the form that says nothing is asked again, and declares nothing", async () => {
    const desk = bridge(served);
    const fields = { severity: "sev1", service: "inventory" };
    const answer = await declare(ask("declare", "", { fields, value: "" }), commandsOf(desk));
    expect(answer).toMatchObject({ kind: "field-errors", errors: { what: expect.any(String) } });
    expect(desk.incidents.all()).toEqual([]);
  });

  test("a severity that is not named is asked for in a form about this incident, which begins with the present one", async () => {
    const desk = bridge();
    const { incident: id = "" } = await desk.intake.take(signal("a-lag"));
    const answer = await severity(ask("severity", ""), commandsOf(desk));
    const present = (await desk.incident(id)).severity;
    expect(answer).toMatchObject({
      kind: "form",
      form: { fields: [{ id: "severity", initial: present }] },
    });
    const value = answer.kind === "form" ? answer.form.context : "";
    const choose = (chosen: string) =>
      severity(ask("severity", "", { fields: { severity: chosen }, value }), commandsOf(desk));
    await choose("sev4");
    expect((await desk.incident(id)).severity).toBe("sev4");
    // Somebody else's form stood open meanwhile, and showed another one.
    await expect(choose("sev3")).rejects.toThrow(/^It is SEV4 since, and your form showed SEV\d\. Nothing was changed/);
    expect((await desk.incident(id)).severity).toBe("sev4");
  });

  test("an incident that names no service says so in the topic of its room, and that a person opened it", async () => {
    const desk = bridge(served);
    await declare({ ...ask("declare", "sev2 customers cannot sign in"), who: guest("zed") }, commandsOf(desk));
    await pass(desk, DECLARED, 1);
    expect(desk.chat.topics).toEqual(["SEV2 · open · no service · customers cannot sign in"]);
    expect(initialFields(await desk.incident(DECLARED)).actions).toMatch(/^Opened by a person;/);
  });

  test("an incident that somebody declared who is not listed says so, and holds no person's id for them", async () => {
    const desk = bridge(inventory());
    const answer = await declare({ ...ask("declare", "sev1 a is down"), who: guest("zed") }, commandsOf(desk));
    // Nobody who is not listed is invited or written to later: they read at once where it goes on.
    expect(answer.kind === "whisper" && answer.card.text).toMatch(
      /Its channel is being opened; you are not invited, since twokey\.yaml does not list you, and TwoKey cannot write to you later: look for the channel that has i-7kq2mx in its name\. If you find none, ask in the alerts channel\.$/,
    );
    expect((await desk.incident(DECLARED)).declaredBy).toBeUndefined();
    const opened = desk.incidents.events.find(({ kind }) => kind === "incident.opened");
    expect(opened).toMatchObject({ door: "slack", says: expect.stringContaining("zed (not listed in twokey.yaml)") });
    expect(opened?.by).toBeUndefined();
  });

  test("a declared incident gets its channel, under a name that Slack takes", async () => {
    const desk = bridge(inventory((file) => ({ ...file, incidents: { channel_prefix: "p".repeat(31) } })));
    await declare(ask("declare", "sev1 a answers with errors"), commandsOf(desk));
    await desk.chats(DECLARED);
    expect((await desk.incident(DECLARED)).channel?.name).toMatch(/^p{31}-20261121-general-i-7kq2mx$/);
  });

  test("an acknowledgement of somebody who is no responder does not stop the pages", async () => {
    const desk = bridge();
    const { incident: id = "" } = await desk.intake.take(signal("a-lag"));
    await expect(ack(ask("ack", "", { person: "eve" }), commandsOf(desk))).rejects.toThrow("Only listed responders");
    expect((await desk.incident(id)).acks).toEqual([]);
    await ack(ask("ack", "", { value: id }), commandsOf(desk));
    expect((await desk.incident(id)).acks.map(({ by }) => by)).toEqual(["ana"]);
  });

  test("escalating to a person pages that person", async () => {
    const desk = bridge();
    const { incident: id = "" } = await desk.intake.take(signal("a-lag"));
    await escalate(ask("escalate", "@cto"), commandsOf(desk));
    await desk.pages(id);
    expect(desk.paging.responders.map(({ request }) => request.users.join())).toContain("PCTO");
    await expect(escalate(ask("escalate", "nobody"), commandsOf(desk))).rejects.toThrow("Nobody is called");
  });

  describe("escalating", () => {
    const MAIL = { server: "smtp.example.com:587", from: "twokey@example.com" };
    const LIST = { kind: "pager", pager: "mail", policy: "all@example.com" };
    const withList = (ofPeople: (people: Record<string, object>) => object = (people) => people) =>
      inventory((file) => ({
        ...{ ...file, people: ofPeople(file.people), pagers: { ...file.pagers, mail: MAIL } },
        audiences: { ...file.audiences, list: LIST },
      }));

    test("guard asked by its own ways: to an audience of a pager that only tells goes out by that pager", async () => {
      const mail = recordedMail();
      const desk = bridge(withList(), [mail.pager]);
      const { incident: id = "" } = await desk.intake.take(signal("a-lag"));
      await escalate(ask("escalate", "list"), commandsOf(desk));
      await desk.pages(id);
      expect(mail.calls.map(({ policies }) => policies)).toContainEqual(["all@example.com"]);
    });

    test("to somebody whom the pager that rings does not know goes out by mail at once", async () => {
      const mail = recordedMail();
      const desk = bridge(
        withList((people) => ({ ...people, cto: { ...people["cto"], pagers: {} } })),
        [mail.pager],
      );
      const { incident: id = "" } = await desk.intake.take(signal("a-lag"));
      await escalate(ask("escalate", "cto"), commandsOf(desk));
      await desk.pages(id);
      expect(mail.calls.map(({ users }) => users)).toContainEqual(["cto@example.com"]);
    });

    test("finds a person whose name has a letter that typed words never have", async () => {
      const desk = bridge(
        inventory((file) => ({ ...file, people: { ...file.people, cto: { ...file.people.cto, name: "Işıl Kaya" } } })),
      );
      const { incident: id = "" } = await desk.intake.take(signal("a-lag"));
      const { args } = parseCommand("escalate Işıl", { personOf: () => undefined });
      await escalate(ask("escalate", args.join(" ")), commandsOf(desk));
      await desk.pages(id);
      expect(desk.paging.responders.map(({ request }) => request.users.join())).toContain("PCTO");
    });

    test("to what no way of this incident reaches is refused with the reason, and pages nobody", async () => {
      const desk = bridge();
      const { incident: id = "" } = await desk.intake.take(signal("a-lag"));
      const later = withList();
      await expect(escalate(ask("escalate", "list"), commandsOf(desk, { inventory: () => later }))).rejects.toThrow(
        /^list is reached by mail, which this incident does not use: it was opened before .*Nobody was paged/,
      );
      expect((await desk.incident(id)).ladders).toHaveLength(1);
    });
  });

  test("resolving asks for what resolved it, and is refused while a run is under way", async () => {
    const desk = bridge();
    const { incident: id = "" } = await desk.intake.take(signal("a-lag"));
    await desk.intake.take(isOk("a-lag"));
    expect((await resolve(ask("resolve", ""), commandsOf(desk))).kind).toBe("form");
    const empty = await resolve(ask("resolve", "", { fields: { impact: "none" }, value: id }), commandsOf(desk));
    expect(empty.kind === "field-errors" && Object.keys(empty.errors)).toEqual(["details"]);
    await expect(resolve(ask("resolve", '"" "none"'), commandsOf(desk))).rejects.toThrow("what resolved it");
    const running = commandsOf(desk, { runInProgress: () => Promise.resolve("The failover of a") });
    await expect(resolve(ask("resolve", '"a" "b" "c" "d"'), running)).rejects.toThrow("still under way");
    await resolve(
      ask("resolve", '"fixed" "checkout" "none" "none"'),
      commandsOf(desk, { measured: () => Promise.resolve({ restoredAtMs: START_MS + 60_000 }) }),
    );
    const { state, resolution } = await desk.incident(id);
    expect([state, resolution?.fields.impact, resolution?.rtoMs]).toEqual(["resolved", "checkout", 60_000]);
    const again = await resolve(ask("resolve", "", { value: id }), commandsOf(desk));
    expect(again.kind === "whisper" && again.card.text).toContain("already resolved");
  });

  describe("what is not known when an incident is resolved", () => {
    const texts = (desk: Bridge, id: string) =>
      desk.chat.messages.filter(({ channel }) => channel === `C${id}`).map(({ text }) => text);

    async function resolvedShortly(): Promise<{ desk: Bridge; id: string }> {
      const desk = bridge();
      const { incident: id = "" } = await desk.intake.take(signal("a-lag"));
      await desk.intake.take(isOk("a-lag"));
      await pass(desk, id, 1);
      await resolve(
        ask("resolve", "", { fields: { details: "fixed", impact: "nobody" }, value: id }),
        commandsOf(desk),
      );
      await pass(desk, id, 1);
      return { desk, id };
    }

    test("is named on the resolution as still to be written, by whom, with a button", async () => {
      const { desk, id } = await resolvedShortly();
      const card = cardText(resolutionCard(await desk.incident(id)));
      expect(card).toMatch(/Still to be written by .*: follow-up actions, lessons learned\./);
      expect(card).toContain("Add it");
      expect(card).not.toContain("undefined");
    });

    test("is added later by the same verb, which asks for nothing else, and the room hears it", async () => {
      const { desk, id } = await resolvedShortly();
      const form = await resolve(ask("resolve", "", { value: id }), commandsOf(desk));
      expect(form.kind === "form" && form.form.fields.map((field) => field.id)).toEqual(["followUps", "lessons"]);
      await resolve(ask("resolve", "", { fields: { lessons: "two people, one plan" }, value: id }), commandsOf(desk));
      await resolve(ask("resolve", "", { fields: { followUps: "build a replica" }, value: id }), commandsOf(desk));
      await pass(desk, id, 1);
      expect((await desk.incident(id)).resolution?.fields).toEqual({
        ...{ details: "fixed", impact: "nobody", followUps: "build a replica", lessons: "two people, one plan" },
      });
      expect(texts(desk, id).filter((text) => text.startsWith("Added to the resolution by"))).toEqual([
        expect.stringContaining("lessons learned"),
        expect.stringContaining("follow-up actions"),
      ]);
    });

    test("changes nothing that stands there, and nothing at all where nothing was written", async () => {
      const { desk, id } = await resolvedShortly();
      const fields = { details: "no", impact: "everybody" };
      const answer = await resolve(ask("resolve", "", { fields, value: id }), commandsOf(desk));
      expect(answer.kind === "whisper" && answer.card.text).toContain("nothing was changed");
      expect((await desk.incident(id)).resolution?.fields).toEqual({ details: "fixed", impact: "nobody" });
    });

    test("takes no words that were meant for the resolution itself, which somebody else has made meanwhile", async () => {
      const { desk, id } = await resolvedShortly();
      const late = await resolve(ask("resolve", `${id} "db failed over" "20 minutes"`), commandsOf(desk));
      expect(late.kind === "whisper" && late.card.text).toContain("already resolved");
      const fields = { details: "db failed over", lessons: "none" };
      const form = await resolve(ask("resolve", "", { fields, value: id }), commandsOf(desk));
      expect(form.kind === "whisper" && form.card.text).toContain("already resolved");
      expect((await desk.incident(id)).resolution?.fields).toEqual({ details: "fixed", impact: "nobody" });
    });

    test("is asked for in the room after three days, once, and not where it was written", async () => {
      const { desk, id } = await resolvedShortly();
      const asked = () => texts(desk, id).filter((text) => text.startsWith("Still to be written about"));
      await pass(desk, id, 2.9 * 1_440);
      expect(asked()).toEqual([]);
      await pass(desk, id, 3 * 1_440);
      expect(asked()).toEqual([expect.stringContaining("follow-up actions, lessons learned")]);

      const written = await resolvedShortly();
      const rest = { followUps: "none", lessons: "none" };
      await resolve(ask("resolve", "", { fields: rest, value: written.id }), commandsOf(written.desk));
      await pass(written.desk, written.id, 6 * 1_440);
      expect(texts(written.desk, written.id).filter((text) => text.startsWith("Still to be"))).toEqual([]);
    });
  });

  test("resolving without quotes keeps every word, and in another room resolves nothing", async () => {
    const desk = bridge();
    const { incident: id = "" } = await desk.intake.take(signal("a-lag"));
    await desk.intake.take(isOk("a-lag"));
    await pass(desk, id, 1);
    const elsewhere = ask("resolve", "the database is back", { channel: "CANOTHERROOM" });
    await expect(resolve(elsewhere, commandsOf(desk))).rejects.toMatchObject({ code: "resolve-elsewhere" });
    expect((await desk.incident(id)).state).toBe("open");
    await resolve(ask("resolve", "the database is back", { channel: `C${id}` }), commandsOf(desk));
    expect((await desk.incident(id)).resolution?.fields).toEqual({ details: "the database is back" });
  });

  test.each([
    ["by its name in another room", (id: string) => ask("resolve", `${id} fixed`, { channel: "CANOTHERROOM" })],
    ["where there is no room", () => ask("resolve", "fixed")],
  ])("resolving an incident that has a room %s resolves it", async (_how, asked) => {
    const desk = bridge();
    const { incident: id = "" } = await desk.intake.take(signal("a-lag"));
    await desk.intake.take(isOk("a-lag"));
    await pass(desk, id, 1);

    await resolve(asked(id), commandsOf(desk));

    const { channel, state } = await desk.incident(id);
    expect([channel?.id, state]).toEqual([`C${id}`, "resolved"]);
  });

  const four = '"fixed" "checkout" "none" "none"';

  test("guard still ringing: resolving while alarms are in ALARM names them and asks why, in the form and as words", async () => {
    const desk = bridge();
    const { incident: id = "" } = await desk.intake.take(signal("a-lag"));
    await desk.intake.take(signal("a-errors"));
    await desk.intake.take(isOk("a-errors"));
    const form = await resolve(ask("resolve", ""), commandsOf(desk));
    expect(JSON.stringify(form)).toContain("Still in ALARM: a-lag.");
    await expect(resolve(ask("resolve", four), commandsOf(desk))).rejects.toThrow("Still in ALARM: a-lag.");
    const fields = { details: "fixed", impact: "none", followUps: "none", lessons: "none" };
    const unsaid = await resolve(ask("resolve", "", { fields, value: id }), commandsOf(desk));
    expect(unsaid).toEqual({
      kind: "field-errors",
      errors: { despite: "Still in ALARM: a-lag. Say why it is resolved" },
    });
    expect((await desk.incident(id)).state).toBe("open");

    await resolve(ask("resolve", `${four} "its threshold is wrong"`), commandsOf(desk));
    const resolved = await desk.incident(id);
    expect(resolved.resolution?.despite).toMatchObject({ alarms: ["a-lag"], why: "its threshold is wrong" });
    const card = cardText(resolutionCard(resolved));
    expect(card).toContain("Resolved all the same. Still in ALARM: a-lag.\nits threshold is wrong");
  });

  test.each([
    ["gives no answer", { unread: "unreachable" as const }],
    ["was last read an hour ago", { readAtMs: START_MS - 60 * MINUTE }],
  ])("resolving while the region of its alarms %s says that they are unknown, and asks why", async (_what, read) => {
    const desk = bridge();
    const { incident: id = "" } = await desk.intake.take(signal("a-lag"));
    await desk.intake.take(isOk("a-lag"));
    const deps = commandsOf(desk, {
      againstClosing: (each) => againstClosing(each, { ...sourcesOf(desk), alarmReads: readNow(desk, read) }),
    });
    await expect(resolve(ask("resolve", four), deps)).rejects.toThrow(
      `Unknown, as nobody can read them: the alarms in ${REGION}.`,
    );
    await resolve(ask("resolve", `${four} "users are served elsewhere"`), deps);
    expect((await desk.incident(id)).state).toBe("resolved");
  });

  test("resolving while users are down or a plan waits for keys says so, and asks why", async () => {
    const desk = bridge();
    const { incident: id = "" } = await desk.intake.take(signal("a-lag"));
    await desk.intake.take(isOk("a-lag"));
    const waiting = runStates()["one-key"];
    if (waiting === undefined) throw new Error("no plan waits");
    const run = { ...waiting, plan: { ...waiting.plan, service: "a" } };
    const seen = (ageMs: number): AgainstSources["seen"] => {
      const observation = { ...seenOn(SERVICE, degradedHome()), atMs: desk.clock.now() - ageMs };
      return { get: () => Promise.resolve({ value: { observation } }) };
    };
    const runs = { openIds: () => Promise.resolve([run.plan.id]), read: () => Promise.resolve(run) };
    const deps = (ageMs: number) =>
      commandsOf(desk, {
        againstClosing: (each) => againstClosing(each, { ...sourcesOf(desk), seen: seen(ageMs), runs }),
      });
    const waits = `Plan ${run.plan.id} still waits for keys.`;

    await expect(resolve(ask("resolve", four), deps(MINUTE))).rejects.toThrow(
      `Users of a get errors (HTTP 503). ${waits} Nothing was changed.`,
    );
    // Of an old look nobody can say anything about now.
    await expect(resolve(ask("resolve", four), deps(30 * MINUTE))).rejects.toThrow(`${waits} Nothing was changed.`);
    await resolve(ask("resolve", `${four} "only one client is affected"`), deps(MINUTE));
    expect((await desk.incident(id)).resolution?.despite).toMatchObject({
      ...{
        down: [{ service: "a", gives: "errors (HTTP 503)" }],
        plans: [run.plan.id],
        why: "only one client is affected",
      },
    });
  });

  test("alarms of an incident that was merged into it count as its own; one that no alarm opened asks nothing", async () => {
    const desk = bridge();
    const { incident: first = "" } = await desk.intake.take(signal("a-lag"));
    for (const name of ["b-lag", "c-lag"]) await desk.intake.take(signal(name));
    await desk.intake.take(isOk("a-lag"));
    const deps = commandsOf(desk);
    expect((await deps.againstClosing(await desk.incident(first))).alarms.map(nameOfAlarm)).toEqual(["b-lag", "c-lag"]);
    await declare(ask("declare", "sev2 checkout is slow"), deps);
    expect(await deps.againstClosing(await desk.incident(DECLARED))).toEqual({
      ...{ alarms: [], unknownIn: [], down: [], plans: [] },
    });
  });

  test("nothing is claimed about recovery that nobody measured", async () => {
    const desk = bridge();
    const { incident: id = "" } = await desk.intake.take(signal("a-lag"));
    expect(actualsOf(await desk.incident(id), {})).toStrictEqual({ rtoMs: undefined, lost: undefined });
  });

  test("an update is edited in a form that is filled in already, or typed and posted now", async () => {
    const desk = bridge();
    const { incident: id = "" } = await desk.intake.take(signal("a-lag"));
    const form = await update(ask("update", ""), commandsOf(desk));
    expect(form.kind === "form" && form.form.fields.map(({ initial }) => initial)).toEqual([
      "down",
      "none yet",
      "none",
      "not known",
      "due",
    ]);
    await update(ask("update", "we fail over"), commandsOf(desk));
    expect((await desk.incident(id)).update).toMatchObject({ dueAtMs: START_MS, draft: { status: "we fail over" } });
  });

  test("with several incidents open, one has to be named", async () => {
    const desk = bridge();
    await desk.intake.take(signal("a-lag"));
    const { incident: b = "" } = await desk.intake.take(signal("b-lag"));
    await expect(severity(ask("severity", "sev2"), commandsOf(desk))).rejects.toThrow("Name one");
    await severity(ask("severity", `${b} sev2`), commandsOf(desk));
    expect((await desk.incident(b)).severity).toBe("sev2");
  });

  test("on call shows people by their names, and says which rotation is empty", async () => {
    const desk = bridge();
    const empty = await onCall(ask("oncall", ""), commandsOf(desk));
    expect(empty.kind === "whisper" && empty.card.text).toBe("Nobody is on call for ops");
    desk.paging.onCallNow = [{ policy: "POPS", pagerUserId: "PANA", name: "Ana at PagerDuty" }];
    const ana = await onCall(ask("oncall", ""), commandsOf(desk));
    expect(ana.kind === "whisper" && ana.card.text).toBe("On call: Ana");
  });

  describe("on call, when no pager reaches people,", () => {
    const withNumber = inventory((file) => ({
      ...file,
      people: { ...file.people, cto: { ...file.people.cto, phone: "+15550123" } },
    }));

    test.each(["accepted", "busy"] as const)(
      "shows people of the file whom to call by which number, alone: %s",
      async (pager) => {
        const desk = bridge(withNumber);
        desk.paging.onCallNow = [{ policy: "POPS", pagerUserId: "PCTO", name: "Cleo" }];
        if (pager === "busy") desk.paging.weather = () => "busy";

        const answer = await onCall(ask("oncall", ""), commandsOf(desk));

        expect(answer.kind).toBe("whisper");
        const [helpers, approvers] = telephones(answer);
        expect(helpers).toEqual(
          pager === "busy"
            ? [
                "ana · no number in twokey.yaml · ana@example.com",
                "ben · no number in twokey.yaml · ben@example.com",
                "cto · +15550123",
              ]
            : [
                "cto · +15550123",
                "ana · no number in twokey.yaml · ana@example.com",
                "ben · no number in twokey.yaml · ben@example.com",
              ],
        );
        expect(approvers).toEqual(["ben · no number in twokey.yaml · ben@example.com", "cto · +15550123"]);
      },
    );

    test("guard kept service: names approvers whom no pager rings, and for which services each turns keys, of those that the asker is shown", async () => {
      const team = inventory((file) => ({
        ...file,
        people: {
          ...file.people,
          eve: { ...file.people.eve, phone: "+15550124", pagers: {} },
          gil: { name: "Gil", slack: "U01GIL", email: "gil@example.com", phone: "+15550125", roles: ["approver"] },
        },
        approvals: { approvers: ["ben", "cto", "eve", "gil"] },
      }));
      const only = (service: string, access: object) => {
        const [first] = example("inventory").services;
        if (!first) throw new Error("the example has a service");
        return { ...first, name: service, access };
      };
      const desk = bridge({
        ...team,
        services: [
          only("stock", { approve: ["cto", "eve", "gil"] }),
          only("secret", { see: ["cto"], approve: ["cto", "eve"] }),
        ],
      });

      const asAna = telephones(await onCall(ask("oncall", ""), commandsOf(desk)))[1];
      const asCto = telephones(await onCall(ask("oncall", "", { person: "cto" }), commandsOf(desk)))[1];

      expect(asAna).toEqual([
        "cto · no number in twokey.yaml · cto@example.com",
        "eve · +15550124 · no pager rings them",
        "gil · +15550125 · no pager rings them",
      ]);
      expect(asCto).toEqual([
        "cto · no number in twokey.yaml · cto@example.com",
        "eve · +15550124 · no pager rings them",
        "gil · +15550125 · no pager rings them · keys for stock only",
      ]);
    });

    test("guard no service: says nothing of keys to who is shown no service", async () => {
      const [first] = example("inventory").services;
      if (!first) throw new Error("the example has a service");
      const kept = { ...first, access: { see: ["cto"], approve: ["ben", "cto"] } };
      const desk = bridge({ ...inventory(), services: [kept] });

      const toldTo = async (person: string) =>
        telephones(await onCall(ask("oncall", "", { person }), commandsOf(desk))).length;

      expect([await toldTo("ana"), await toldTo("cto")]).toEqual([1, 2]);
    });

    test("says of somebody on call who is not in the file where their number is", async () => {
      const desk = bridge(withNumber);
      desk.paging.onCallNow = [{ policy: "POPS", pagerUserId: "PNEW", name: "Nina" }];
      const [helpers] = telephones(await onCall(ask("oncall", ""), commandsOf(desk)));
      expect(helpers?.[0]).toBe("Nina · not in twokey.yaml: PagerDuty may have a number");
    });

    test("guard numbers: shows a guest no number, no address and no approver", async () => {
      const answer = await onCall(ask("oncall", "", { who: guest("U0GUEST") }), commandsOf(bridge(withNumber)));
      expect(JSON.stringify(answer)).not.toMatch(/\+15550123|@example|"ben"/);
    });
  });
});
