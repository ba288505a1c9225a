import { describe, expect, test } from "@jest/globals";
import type { CardPart } from "../../src/domain/card/card.ts";
import type { AlertDocument, Signal } from "../../src/domain/incident/alert.ts";
import { applySignal, changesInReply, readReplySubject } from "../../src/domain/incident/alert-thread.ts";
import type { Incident } from "../../src/domain/incident/incident.ts";
import type { LostWrites } from "../../src/domain/plan-run/lost-writes.ts";
import { responseTargets } from "../../src/flows/incident/comms/response.ts";
import { openIncident } from "../../src/flows/incident/intake/open.ts";
import { resolveIncident, TWOKEY } from "../../src/flows/incident/life/changes.ts";
import { acknowledge } from "../../src/flows/incident/paging/acknowledge.ts";
import { nextLevel } from "../../src/flows/incident/paging/ask-for.ts";
import { nextPage } from "../../src/flows/incident/paging/next-page.ts";
import { alertCard, alertChangesCard } from "../../src/views/alert.ts";
import { cardText, plainText } from "../../src/views/card-text.ts";
import { incidentCard } from "../../src/views/incident.ts";
import { pagesPart } from "../../src/views/incident-pages.ts";
import { onCallCard } from "../../src/views/on-call.ts";
import { pageCard } from "../../src/views/page.ts";
import { resolutionCard } from "../../src/views/resolution.ts";
import { timelineCard } from "../../src/views/timeline.ts";
import { initialCard, initialFields, updateDraftCard } from "../../src/views/update.ts";
import { answeredIncident, openedIncident, troubledIncident } from "../cards/incident-states.ts";
import { INVENTORY } from "../cards/run-states.ts";
import { inventory, signal } from "../flows/incident/file.ts";
import { MINUTE, START_MS } from "../harness/fakes/index.ts";

function incident(): Incident {
  const opening = {
    ...{ id: "abc123", title: "lag", description: "lag is high", scope: "service" as const, services: ["a"] },
    ...{ severity: "sev1" as const },
  };
  return openIncident(opening, inventory(), START_MS).value;
}

const nameOf = (id: string) => id.toUpperCase();
const buttonsOf = (parts: readonly CardPart[]) =>
  parts.flatMap((part) => (part.kind === "buttons" ? part.buttons.map(({ intent }) => intent) : []));
const wordsOf = (parts: readonly CardPart[]) =>
  parts.flatMap((part) => {
    if (part.kind === "lines") return part.lines.map((line) => plainText(line));
    return part.kind === "text" || part.kind === "note" ? [plainText(part.text)] : [];
  });

describe("the incident's card", () => {
  test("says first that nobody has answered, and who is paged next when", () => {
    const open = incident();
    const duties = Object.fromEntries(
      ["trigger:1", "rung:1.0", "dm:1.0:0:ana"].map((key) => [
        key,
        { state: "done" as const, attempts: 1, worker: "w", intentAtMs: START_MS, claimedUntilMs: START_MS },
      ]),
    );
    const paged = { ...open, duties };
    const card = incidentCard(paged, { nameOf, next: nextPage(paged, START_MS + MINUTE) });
    expect(card.text).toContain("Nobody has answered yet");
    expect(wordsOf(card.parts)[1]).toContain("level 2 (ANA, BEN) at 03:05:00Z unless somebody acknowledges");
    expect(buttonsOf(card.parts)).toEqual(["ack", "escalate", "update", "resolve"]);
  });

  test("says now of a page that is due, and no time that has passed", () => {
    const next = { atMs: undefined, what: "level 1", targets: ["ana"] };

    expect(wordsOf(incidentCard(incident(), { nameOf, next }).parts)).toContain("Paging now: level 1 (ANA).");
  });

  test("asks before it escalates, and names who would be paged", () => {
    const open = incident();
    const asks = (nowMs: number) =>
      incidentCard(open, { nameOf, escalates: nextLevel(open, nowMs)?.rung })
        .parts.flatMap((part) => (part.kind === "buttons" ? part.buttons : []))
        .find(({ intent }) => intent === "escalate")?.confirm;
    expect(asks(START_MS)?.title).toBe("Page level 2?");
    expect(asks(START_MS)?.text).toBe(
      "Level 2 is paged: ANA, BEN. Their phones ring at once. You cannot take it back.",
    );
    expect(asks(START_MS + 60 * MINUTE)?.title).toBe("Page level 3?");
  });

  test("is told from the first notification by its heading, and what happened stands there once", () => {
    const open = { ...incident(), description: incident().title };
    const [heading] = initialCard(open).parts;
    expect(heading).not.toEqual(incidentCard(open, { nameOf }).parts[0]);
    for (const { text } of [initialCard(open), pageCard(open, { why: "level 1", ladder: 1 })])
      expect(text.split(open.title)).toHaveLength(2);
    expect(wordsOf(pageCard(open, { why: "level 1", ladder: 1 }).parts).join(" ")).not.toContain("What:");
  });

  test("is the same for the same state, so that nothing is edited in vain", () => {
    const open = incident();
    const at = (nowMs: number) => incidentCard(open, { nameOf, next: nextPage(open, nowMs) });
    expect(at(START_MS)).toEqual(at(START_MS));
  });

  test("offers nothing once it is closed", () => {
    const fields = { details: "fixed", impact: "none", followUps: "none", lessons: "none" };
    const closed = resolveIncident(
      incident(),
      { fields, by: "Ana" },
      { actor: TWOKEY, nowMs: START_MS + MINUTE },
    )?.value;
    expect(closed && buttonsOf(incidentCard(closed, { nameOf }).parts)).toEqual([]);
    expect(closed && buttonsOf(pageCard(closed, { why: "level 1", ladder: 1 }).parts)).toEqual([]);
    expect(closed && plainText(JSON.stringify(resolutionCard(closed)))).toContain("not measured");
  });

  const FROM = START_MS - 5_400;
  const EU = { region: "eu-west-1", fromMs: FROM };
  test.each<[string, LostWrites, RegExp]>([
    ["not known", { kind: "unknown" }, /^not known$/],
    ["nothing", { kind: "nothing" }, /^nothing$/],
    [
      "never rounded down",
      { kind: "between", ...EU, toMs: START_MS - 1 },
      /^at most 6 s\. Writes to eu-west-1 between .+ and .+ may be missing\.$/,
    ],
    [
      "without an end where nobody proved one",
      { kind: "after", ...EU },
      /^Writes to eu-west-1 after .+ may be missing\.$/,
    ],
    [
      "and when it let nobody new in",
      { kind: "after", ...EU, shutAtMs: START_MS + 120_000 },
      /^Writes to eu-west-1 from .+ until it was closed at .+ may be missing, and later writes of programs that stayed connected\.$/,
    ],
    [
      "of others alone",
      { kind: "after", ...EU, ofOthers: true },
      /^All that the stopped writers wrote is on the new side\. Missing may be what programs that stayed connected to eu-west-1 wrote there after .+, also tasks of the new side\. Nobody saw whether there were any\.$/,
    ],
  ])("says of data lost what is known when it is closed: %s", (...[, writes, says]) => {
    const closing = {
      fields: { details: "moved" },
      by: "Ana",
      lost: [{ of: "inventory to eu-central-1", writes }],
    };
    const closed = resolveIncident(incident(), closing, { actor: TWOKEY, nowMs: START_MS + MINUTE })?.value;
    const facts = closed
      ? resolutionCard(closed).parts.flatMap((part) => (part.kind === "facts" ? part.facts : []))
      : [];

    expect(facts.map(([label, text]) => label === "Data lost (RPO)" && plainText(text))).toContainEqual(
      expect.stringMatching(says),
    );
  });

  test("shows what did not work", () => {
    const failed = {
      state: "failed" as const,
      attempts: 1,
      worker: "w",
      intentAtMs: 0,
      claimedUntilMs: 0,
      why: "missing_scope",
    };
    const card = incidentCard({ ...incident(), duties: { "topic:1:open:service": failed } }, { nameOf });
    expect(wordsOf(card.parts)).toContain("the topic could not be set: missing_scope");
  });

  test("says that paging has stopped once somebody has answered, and not while a page is under way or due", () => {
    const answered = acknowledge(troubledIncident(), { by: "ana", name: "Ana", door: "slack" }, START_MS)?.value;
    if (!answered) throw new Error("nobody has answered");
    const ended = { ...answered, pages: answered.pages.map((page) => ({ ...page, state: "superseded" as const })) };
    const first = (each: typeof answered, more: Partial<Parameters<typeof incidentCard>[1]> = {}) =>
      wordsOf(incidentCard(each, { nameOf, ...more }).parts)[0];

    expect(first(ended)).toContain("Paging about the incident has stopped.");
    expect(first(ended, { next: { atMs: START_MS, what: "level 2", targets: [] } })).not.toContain("stopped");
    const ringing = { ...ended, pages: ended.pages.map((page) => ({ ...page, state: "accepted" as const })) };
    expect(first(ringing)).not.toContain("stopped");
  });

  test("names who answered, and when, which does not change where an earlier alarm joins the incident later", () => {
    const answered = acknowledge(incident(), { by: "ana", name: "Ana", door: "slack" }, START_MS + 80_000)?.value;
    if (!answered) throw new Error("nobody has answered");
    const said = (each: Incident) => wordsOf(incidentCard(each, { nameOf }).parts)[0];
    expect(said(answered)).toContain("Ana has answered at 03:01:20Z (in Slack)");
    expect(said({ ...answered, firstSeenAtMs: START_MS - 60_000 })).toBe(said(answered));
  });
});

describe("the first lines of the card", () => {
  const open = openedIncident();
  const linesOf = (shown: Incident) => {
    const context = { nameOf, targets: responseTargets(shown) };
    return wordsOf(incidentCard(shown, context).parts);
  };

  test("count the alarms where they came from, and not all of them in the incident's own region", () => {
    expect(linesOf(open)).toContainEqual(expect.stringMatching(/ · 2 alarms in eu-west-1, eu-central-1$/));
    expect(linesOf({ ...open, alerts: open.alerts.slice(0, 1) })).toContainEqual(
      expect.stringMatching(/ · 1 alarm in eu-west-1$/),
    );
  });

  test("say what people have to do next: an incident that has a card is detected", () => {
    expect(linesOf(open)).toContainEqual(expect.stringMatching(/^Next: assess the impact by /));
    expect(linesOf(open).join("\n")).not.toContain("detect by");
  });
});

test("a reason that ends with a full stop gets no second one", () => {
  expect(initialFields(openedIncident()).assessment).toContain(
    "sees no healthy endpoint. Nobody has confirmed it yet.",
  );
});

describe("who was paged, on the card of a bad night", () => {
  const named = (id: string) => INVENTORY.people.find((person) => person.id === id)?.name ?? id;
  const lines = wordsOf(pagesPart(troubledIncident(), named));

  test("is one line a person, although each was paged in several ways", () => {
    const people = lines.slice(1).map((line) => line.split(" · ")[0]);

    expect(people).toEqual([
      "Chloe Martin",
      "Ana Keller",
      "Ben Osei",
      "Dmitri Sokolov",
      "Elena Rossi",
      "operations team",
    ]);
    expect(troubledIncident().pages.length).toBeGreaterThan(people.length);
  });

  test("says a way once for all, and the other way only where it went otherwise", () => {
    expect(lines[0]).toBe("Paged by push and message unless a line says otherwise. Who is on call: /dr oncall");
    expect(lines.slice(1).filter((line) => line.includes("push"))).toEqual([
      expect.stringMatching(/^Elena Rossi · .* · no answer yet · push: refused \(the user has no phone\)$/),
      expect.stringMatching(/^operations team · push · /),
    ]);
  });

  test("says levels once there are two", () => {
    const levels = (from: Incident) => wordsOf(pagesPart(from, named)).map((line) => / level \d/.exec(line)?.[0]);

    expect(levels(openedIncident()).filter(Boolean)).toEqual([]);
    expect(levels(troubledIncident()).slice(1)).toEqual([" level 2", ...Array<string>(5).fill(" level 1")]);
  });

  test("why a page failed is no news once somebody has answered", () => {
    const shown = wordsOf(pagesPart(answeredIncident(), named));
    expect(shown).toContainEqual(expect.stringMatching(/^Elena Rossi .* no longer needed$/));
  });

  test("names an audience, and never the id of a policy", () => {
    const policies = troubledIncident().pages.filter(({ target }) => target.kind === "policy");
    const shown = cardText(incidentCard(troubledIncident(), { nameOf: named }));

    expect(policies.map(({ target }) => target.id)).toEqual(["PEPOPS01"]);
    expect(shown).not.toContain("PEPOPS01");
  });
});

test("no part of the initial notification is ever empty", () => {
  const bare = { ...incident(), description: "", alerts: [] };
  expect(Object.values(initialFields(bare)).every((text) => text.trim() !== "")).toBe(true);
});

test("an on-call answer that is missing is not made up, and an empty rotation is said loudly", () => {
  expect(onCallCard({ lines: [], empty: [], why: "PagerDuty answered 500" }).text).toBe(
    "Who is on call is not known: PagerDuty answered 500",
  );
  expect(onCallCard({ lines: [], empty: ["ops"] }).text).toBe("Nobody is on call for ops");
});

test("a draft that went out can no longer be edited", () => {
  const open = incident();
  const fields = { status: "s", progress: "p", challenges: "c", eta: "e" };
  const drafted = { ...open, update: { ...open.update, draft: fields } };
  expect(buttonsOf(updateDraftCard(drafted, 1)?.parts ?? [])).toEqual(["update"]);
  const sent = { ...drafted, update: { ...drafted.update, number: 2 } };
  expect(buttonsOf(updateDraftCard(sent, 1)?.parts ?? [])).toEqual([]);
});

test("a long timeline keeps its beginning and its end", () => {
  const events = Array.from({ length: 500 }, (_each, i) => ({
    ...{ kind: "x", atMs: START_MS + i, door: "engine" as const, says: `event ${i}`, facts: {} },
  }));
  const lines = wordsOf(timelineCard(incident(), events).parts);
  expect([lines[1], lines.at(-1)]).toEqual([expect.stringContaining("event 0"), expect.stringContaining("event 499")]);
  expect(lines.length).toBeLessThan(210);
});

describe("the alarm's thread", () => {
  function flapping(count: number): AlertDocument | undefined {
    let current: AlertDocument | undefined;
    for (let i = 0; i < count; i += 1) {
      const each = signal("a-lag", { state: i % 2 === 0 ? "alarm" : "ok", changedAtMs: START_MS + i * 1_000 });
      current = applySignal(current, each, { service: "a", severity: "sev1", incident: undefined, hasCard: true });
    }
    return current;
  }

  test("the card shows the present state, the replies every change after the first, ten to a reply", () => {
    const flapped = flapping(14);
    expect(flapped && alertCard(flapped, {}).text).toMatch(/^OK: a-lag/);
    const told = [0, 1].map((reply) => flapped && changesInReply(flapped, reply)?.map(({ number }) => number));
    expect(told).toEqual([
      [2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
      [12, 13, 14],
    ]);
    expect(alertChangesCard(flapped?.changes ?? []).text).toMatch(/^OK/);
  });

  const shown = (over: Partial<Signal>, runbook?: string) => {
    const context = { service: "a", severity: "sev1" as const, incident: undefined, hasCard: true, runbook };
    const document = applySignal(undefined, signal("a-lag", over), context);
    return document ? JSON.stringify(alertCard(document, {})) : "";
  };

  test("guard set off by: what set a composite alarm off is a row of its own, whatever its owner wrote, with how many more there are", () => {
    const description = ["one", "two", "three", "four", "five"].join("\n");
    const children = Array.from({ length: 9 }, (_, at) => `a-child-${at + 1}`);

    const few = shown({ description, setOffBy: ["a-5xx", "a-canary\nSet off by: nobody"] });
    expect(few).toContain('"Set off by: a-5xx, a-canary Set off by: nobody"');
    expect(few).toContain("… and 1 more lines");
    expect(shown({ description, setOffBy: children })).toContain(
      `Set off by: ${children.slice(0, 6).join(", ")} and 3 more`,
    );
    const ruled = shown({ description, madeOf: "ALARM(a-5xx) AND ALARM(a-canary)" });
    expect(ruled).toContain('"Made of: ALARM(a-5xx) AND ALARM(a-canary)"');
  });

  test("the card shows the alarm's description, what it watches, and the runbook of its rule", () => {
    const card = shown(
      {
        description: "Orders fail.\nRunbook: https://wiki.example/lag",
        trigger: {
          metrics: [
            { id: "m1", namespace: "AWS/RDS", name: "ReplicaLag", dimensions: { DBInstanceIdentifier: "a-db" } },
          ],
          expressions: [{ id: "e1", expression: "m1*2", label: "twice" }],
          ...{ comparison: "GreaterThanThreshold", threshold: 240 },
        },
      },
      "https://runbooks.example/a",
    );
    for (const words of ["Orders fail.", "https://wiki.example/lag", "Watches twice > 240"])
      expect(card).toContain(words);
    for (const words of ["e1 = m1*2", "m1 = ReplicaLag of a-db (AWS/RDS)"]) expect(card).toContain(words);
    expect(card).toContain('{"link":"https://runbooks.example/a","label":"Runbook"}');
    expect(card.match(/"link"/g)).toHaveLength(1);
  });

  test("the card of a message that is no alarm shows its text as it came, and no state of an alarm", () => {
    const card = shown({ source: "sns", state: "message", name: "RDS event", reason: "line one\nline two" });
    expect(card).toContain("Message · RDS event");
    expect(card).toContain('{"kind":"code","text":"line one\\nline two"}');
    expect(card).not.toContain("since");
  });

  test("foreign text on the card has a fixed room", () => {
    const long = "x".repeat(50_000);
    const manyLines = `${"line\n".repeat(5_000)}`;
    expect(shown({ description: manyLines, reason: long }).length).toBeLessThan(3_000);
    expect(shown({ source: "sns", state: "message", reason: manyLines }).length).toBeLessThan(5_000);
  });

  test("a reply that is no longer remembered whole is left as it is", () => {
    const long = flapping(70);
    expect(long && changesInReply(long, 0)).toBeUndefined();
  });

  test("the subject of a reply keeps an alarm's name whole", () => {
    expect(readReplySubject("arn:aws:x#y#3")).toEqual({ fingerprint: "arn:aws:x#y", reply: 3 });
  });
});
