import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Card, CardPart } from "../../src/domain/card/card.ts";
import type { Acceptance, Plan } from "../../src/domain/plan-run/plan.ts";
import type { RunState } from "../../src/domain/plan-run/run.ts";
import type { Wait } from "../../src/domain/plan-run/wait.ts";
import type { Inventory } from "../../src/domain/service/inventory.ts";
import { messageOf } from "../../src/integrations/slack/blocks.ts";
import { modalOf } from "../../src/integrations/slack/modal.ts";
import { plainText } from "../../src/views/card-text.ts";
import { keyForm } from "../../src/views/key-form.ts";
import { planCard, planDetailsCard, planInFull } from "../../src/views/plan.ts";
import { inRoom, quoted } from "../../src/views/room.ts";
import { waitCard, waitOverCard } from "../../src/views/wait.ts";
import { AT } from "../harness/observed.ts";
import { PROPOSED } from "../harness/proposed-plays.ts";
import { lastButtonLine } from "../words/card-lines.ts";
import { PHONE_SCREEN_LINES } from "../words/words-to-avoid.ts";

const SEED = Number(process.env["TEST_SEED"] ?? Date.now() % 2 ** 31);
/** Nothing is shrunk: with texts of ten thousand characters that takes many minutes, and the seed plays it again. */
const RUNS = { seed: SEED, numRuns: 80, endOnFailure: true };
/** Characters of foreign text that a line of ours holds at most. */
const MOST = 200;
/** Stands where foreign text stands, in the card that all others are compared with. */
const MARK = "¤";

const HOSTILE = [
  ...["<!channel>", "<!here|x>", "<@U01ANA>", "<#C0OPS>", "<https://evil.example|bank>", "&lt;!channel&gt;", "@here"],
  ...["*bold*", "`code`", "```", ":fire:", "\n> quote", "\n\n", "\r\n", "\u2028", "\t", " ".repeat(60)],
  ...["\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u00ad", "\u2800", "\u3164", "\u0000\u001b[2J", "\ud800"],
  ...[
    "a\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301",
    "👩‍👩‍👧‍👦",
    "” ",
    "“",
    "\n[  Review and turn my key  ]",
    "\nTurn my key\n",
  ],
  ...[
    "\nTwo people must agree by 03:27.\n",
    "\nNo data is lost.\n",
    "\n1. Done\n",
    "\nPlan F-AAA111 · digest 0123456789ab\n",
  ],
  ...["x".repeat(10_000), "It is fine. ".repeat(900), "\n".repeat(400)],
];
const foreign = fc
  .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: "binary", maxLength: 40 })), {
    minLength: 1,
    maxLength: 8,
  })
  .map((pieces) => pieces.join(""));
const texts = fc.record({ reason: foreign, report: foreign, name: foreign, waited: foreign });
type Texts = typeof texts extends fc.Arbitrary<infer T> ? T : never;
const MARKED: Texts = { reason: MARK, report: MARK, name: MARK, waited: MARK };

/** The same plan with foreign text wherever some can get into it. */
function withTexts({ run, inventory }: (typeof PROPOSED)[number], { reason, report, name, waited }: Texts) {
  // What a vendor said stands in a danger: in the place of the longest that there is, so that no card has one more than a plan gives it.
  const lengthOf = ({ danger = "" }: Acceptance) => danger.length;
  const [longest] = run.plan.acceptances.toSorted((one, other) => lengthOf(other) - lengthOf(one));
  const plan: Plan = {
    ...run.plan,
    reason,
    unchecked: [report, { says: report, saidAtMs: AT }],
    staying: [report],
    ...(run.plan.keysRequired === 0
      ? {}
      : {
          dataLoss: { kind: "unknown", why: report } as const,
          passedOver: [`eu-west-2 comes earlier in twokey.yaml: ${report}`],
        }),
    acceptances: run.plan.acceptances.map((each) =>
      each === longest && each.danger !== undefined ? { ...each, danger: `AWS answers badly now: ${report}` } : each,
    ),
  };
  const people = inventory.people.map((person) => ({ ...person, name }));
  const shown: Inventory = { ...inventory, people };
  const wait: Wait = {
    ...{ service: plan.service, number: 1, state: "standing", atMs: AT, untilMs: AT + 60_000, reason: waited },
    ...{ by: people[0]?.id ?? "", door: "slack", channel: "C1", isTold: true },
  };
  const key = { by: people[1]?.id ?? "", door: "slack", atMs: AT, digest: run.digest, accepted: [] } as const;
  const keys = plan.keysRequired === 0 ? [] : [key];
  return { run: { ...run, plan, keys } satisfies RunState, inventory: shown, wait };
}

const BASES = PROPOSED.map((play) => [play.title, play] as const);
const cardsOf = (play: (typeof PROPOSED)[number], given: Texts): readonly Card[] => {
  const { run, inventory, wait } = withTexts(play, given);
  const context = { nowMs: AT, wait };
  const closed: RunState = { ...run, state: "closed", why: given.report };
  const seen = { wait, run, inventory, asks: "/dr help" };
  return [
    planCard(run, inventory, context),
    planInFull(run, inventory, context),
    planDetailsCard(run, inventory),
    planCard(closed, inventory, { nowMs: AT }),
    planCard({ ...closed, refusal: { by: run.keys[0]?.by ?? "", why: given.waited } }, inventory, { nowMs: AT }),
    waitCard(seen, AT),
    waitOverCard(seen, AT),
  ];
};

/** Each line of ours, as it is before a client wraps it. */
const linesOf = (card: Card): string[] => [
  card.text,
  ...card.parts.flatMap((part) => [`<${part.kind}>`, ...inPart(part)]),
];

function inPart(part: CardPart): string[] {
  switch (part.kind) {
    case "heading":
    case "code":
      return [part.text];
    case "text":
    case "note":
      return [plainText(part.text)];
    case "lines":
      return part.lines.map((line) => plainText(line));
    case "facts":
      return part.facts.map(([label, value]) => `${label}: ${plainText(value)}`);
    case "buttons":
      return part.buttons.map(({ label, intent, value }) => `${label} ${intent} ${value}`);
    case "divider":
      return [];
  }
}

/** Undefined: it is the marked line with something else, of a room's size, in the places of the marks. */
function difference(line: string, marked: string): string | undefined {
  if (!marked.includes(MARK)) return line === marked ? undefined : `“${line}” instead of “${marked}”`;
  const own = marked.split(MARK);
  const isCut = line.endsWith("…");
  // A space before nothing is not shown.
  if (!line.startsWith(own[0]?.trimEnd() ?? "") || !(isCut || line.endsWith(own.at(-1) ?? "")))
    return `“${line}” is not “${marked}”`;
  const room = Array.from(line).length - own.join("").length;
  if (room > MOST * (own.length - 1)) return `${room} characters of foreign text in “${marked}”`;
  return /[\n\r\u2028\u2029]/.test(line) ? `several lines in “${marked}”` : undefined;
}

describe("text that somebody else wrote on a plan card (G23)", () => {
  test.each(BASES)(`%s: every fact is there, in its order, whatever others write (seed ${SEED})`, (_title, play) => {
    const marked = cardsOf(play, MARKED).map(linesOf);
    fc.assert(
      fc.property(texts, (given) => {
        const shown = cardsOf(play, given).map(linesOf);
        for (const [at, lines] of shown.entries()) {
          const expected = marked[at] ?? [];
          expect(lines.length).toBe(expected.length);
          expect(lines.flatMap((line, index) => difference(line, expected[index] ?? "") ?? [])).toEqual([]);
        }
      }),
      { ...RUNS, numRuns: 25 },
    );
  });

  test.each(BASES)(`%s: what is asked and its buttons stay on the first screen (seed ${SEED})`, (_title, play) => {
    fc.assert(
      fc.property(texts, (given) => {
        for (const card of cardsOf(play, given))
          expect(lastButtonLine(card) ?? 0).toBeLessThanOrEqual(PHONE_SCREEN_LINES);
      }),
      { ...RUNS, numRuns: 25 },
    );
  });

  test.each(BASES)("%s: above the buttons nobody else writes but names, and what a danger quotes", (_title, play) => {
    const [card] = cardsOf(play, { ...MARKED, name: "Ana Keller" });
    const parts = card?.parts ?? [];
    const buttons = parts.findIndex(({ kind }) => kind === "buttons");
    const above = parts
      .slice(0, buttons + 1)
      .flatMap(inPart)
      .filter((line) => line.includes(MARK));

    expect(buttons).toBeGreaterThan(0);
    expect(above.filter((line) => !line.startsWith("AWS answers badly now: "))).toEqual([]);
  });

  test(`Slack takes none of it for markup, and it mentions nobody (seed ${SEED})`, () => {
    const [, play] = BASES[0] ?? [];
    if (!play) throw new Error("there is a plan");
    const memberOf = (person: string) => `U0${person.toUpperCase()}`;
    const mentionedIn = (value: unknown) => JSON.stringify(value).match(/"user_id":"[^"]+"|<[@#!][^>"]*>/g) ?? [];
    const sent = (given: Texts) => {
      const { run, inventory } = withTexts(play, given);
      return [
        ...cardsOf(play, given).map((card) => messageOf(card, memberOf)),
        modalOf(keyForm(run, inventory), memberOf),
      ];
    };
    const expected = sent(MARKED).map((message) => mentionedIn({ ...message, text: "" }));
    fc.assert(
      fc.property(texts, (given) => {
        for (const [at, message] of sent(given).entries()) {
          // In a `text` element Slack reads nothing, so what looks like a mention there is words.
          const literal = JSON.parse(JSON.stringify(message), (key, value: unknown) =>
            key === "text" && typeof value === "string" ? "" : value,
          ) as object;
          expect(mentionedIn(literal)).toEqual(expected[at]?.filter((each) => each.startsWith('"user_id"')));
          expect(parsedBySlack(message).filter((text) => /<[@#!]|<https?:/.test(text))).toEqual([]);
          expect(JSON.stringify(message)).not.toMatch(/"type":"(?:mrkdwn|link|emoji|broadcast|usergroup)"/);
        }
      }),
      { ...RUNS, numRuns: 40 },
    );
  });
});

/** All but what stands inside `rich_text`, whose text is literal. */
function parsedBySlack(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  if ("type" in value && value.type === "rich_text") return [];
  return Object.values(value).flatMap(parsedBySlack);
}

describe(`its room (seed ${SEED})`, () => {
  test("guard quotation: a room is a number of characters that people can see, and only we end a quotation", () => {
    fc.assert(
      fc.property(foreign, (text) => {
        for (const room of ["title", "name", "error", "reason"] as const) {
          const shown = inRoom(text, room);
          expect(Array.from(shown).length).toBeLessThanOrEqual(180);
          expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2800\u3164]|\p{M}{4}| {2}/u);
          expect(quoted(text, room).match(/[“”]/g)?.length).toBe(2);
        }
      }),
      RUNS,
    );
  });

  test("is not cut where everything has its place", () => {
    const faces = "🙂".repeat(60);
    expect(inRoom(faces, "name")).toBe(faces);
    expect(inRoom(`${faces}🙂`, "name")).toBe(`${"🙂".repeat(59)}…`);
  });
});
