import { describe, expect, test } from "@jest/globals";
import type { Card } from "../../src/domain/card/card.ts";
import { cardText, plainText } from "../../src/views/card-text.ts";
import { type ServiceStatus, STANDS, standOf, WORST_FIRST } from "../../src/views/standing.ts";
import { seenLines, serviceCard, statusCard } from "../../src/views/status.ts";
import { BOARDS, IN_DEPTH } from "../cards/board-states.ts";
import { RAW_HEALTH, runStates, SERVICE } from "../cards/run-states.ts";
import { MINUTE } from "../harness/fakes/index.ts";
import { AT, dark, known, quietDay, seenOn } from "../harness/observed.ts";
import { standbyOf } from "../harness/site.ts";

const EVERYBODY = { names: ["Ana (Primary, level 1)"], empty: [] };

const board = (name: string): readonly ServiceStatus[] => BOARDS[name] ?? [];
const inDepth = (name: string): ServiceStatus => {
  const status = IN_DEPTH[name];
  if (!status) throw new Error(`there is no ${name}`);
  return status;
};

/** The lines of the board that begin a service: what is told besides is indented. */
function serviceLines(card: Card): string[] {
  const lines = card.parts.flatMap((part) => (part.kind === "lines" ? part.lines : []));
  return lines.map((line) => plainText(line)).filter((line) => !line.startsWith(" "));
}

/** The facts that a card tells of a region. */
function factsOf(card: Card, region: string): Readonly<Record<string, string>> {
  const at = card.parts.findIndex((part) => part.kind === "text" && plainText(part.text).startsWith(region));
  const part = card.parts[at + 1];
  if (part?.kind !== "facts") throw new Error(`nothing is told of ${region}`);
  return Object.fromEntries(part.facts.map(([what, value]) => [what, plainText(value)]));
}

describe("the board", () => {
  test("gives each service one line, with one symbol and one of five words", () => {
    expect(serviceLines(statusCard(board("mixed"), EVERYBODY, AT))).toEqual([
      "✗ inventory · not ready: users get no answer · #C0INC4MZQ8T",
      "✗ orders · not ready: lag 1 h 6 min, objective 15 min",
      "✗ pricing · not ready: users get errors (HTTP 503) · incident inventory-5xx",
      "? shipping · unknown: nobody has looked yet",
      "▶ payments · moving to eu-central-1, running · #C0INC4MZQ8T",
      "↪ search · away from home in eu-central-1",
      "✓ catalogue · ready",
    ]);
  });

  test("knows these five words and no other, the worst first", () => {
    expect(WORST_FIRST).toEqual(["not ready", "unknown", "moving", "away from home", "ready"]);
    expect(new Set(Object.values(STANDS)).size).toBe(WORST_FIRST.length);
    const words = board("mixed").map((status) => standOf(status, AT).word);
    expect(new Set(words)).toEqual(new Set(WORST_FIRST));
  });

  test("puts the worst first, in whatever order the services come", () => {
    const turned = board("mixed").toReversed();
    const symbols = serviceLines(statusCard(turned, EVERYBODY, AT)).map((line) => line.slice(0, 1));

    expect(symbols).toEqual(["✗", "✗", "✗", "?", "▶", "↪", "✓"]);
  });

  test("says in its text, which notifications show alone, what its lines say", () => {
    const { text } = statusCard(board("mixed"), EVERYBODY, AT);

    expect(text.startsWith("inventory: not ready: users get no answer")).toBe(true);
    for (const { service } of board("mixed")) expect(text).toContain(`${service.name}: `);
  });

  test("names each rotation that has nobody, before those who are on call", () => {
    const onCall = { names: ["Ana (Primary, level 1)"], empty: ["dba", "network"] };
    expect(cardText(statusCard(board("quiet"), onCall, AT))).toContain(
      "On call: nobody for dba, network; Ana (Primary, level 1)",
    );
  });

  test("says that nobody answers for the on-call list, and never that nobody is on call", () => {
    expect(cardText(statusCard(board("quiet"), "unknown", AT))).toContain("On call: unknown, the pager did not say.");
    const nobody = { names: [], empty: ["dba"] };
    expect(cardText(statusCard(board("quiet"), nobody, AT))).toContain(
      "On call: nobody. The rotations are empty, and a page would reach no one.",
    );
    expect(cardText(statusCard(board("quiet"), undefined, AT))).not.toContain("On call");
  });
});

describe("how a service stands", () => {
  const quiet = inDepth("quiet");
  const stand = (over: Partial<ServiceStatus>, nowMs = AT) => standOf({ ...quiet, ...over }, nowMs);
  const seen = (over: Partial<ReturnType<typeof quietDay>>) => seenOn(SERVICE, { ...quietDay(SERVICE), ...over });

  test("a run that cannot be read comes before everything else", () => {
    expect(stand({ unreadable: "version 9", run: runStates()["running"] }).word).toBe("not ready");
  });

  test("a look that is old says nothing about now, however good it was", () => {
    expect([stand({}, AT + 10 * MINUTE).word, stand({}, AT + 11 * MINUTE).word]).toEqual(["ready", "unknown"]);
  });

  test("unknown is never shown as good: nobody can say which region is active", () => {
    expect(stand({ observed: seen({ activeRegion: dark("RDS") }) })).toEqual({
      word: "unknown",
      detail: "RDS does not answer",
    });
  });

  test("a service that is away from home, and whose users get nothing, is not ready", () => {
    const away = seen({ activeRegion: known(standbyOf(SERVICE)), publicHealth: RAW_HEALTH });

    expect(stand({ observed: away }).word).toBe("not ready");
  });
});

describe("how long ago something was seen", () => {
  /** Words that were true when the card was made. A moment counts on in the reader's client, and is no word yet here. */
  const STANDS_STILL = /\d (?:s|min|h|d) ago/;

  test.each([0, 5 * MINUTE, 3_000 * MINUTE])("is counted by the reader's client, also after %s ms", (ms) => {
    const shown = [
      ...Object.values(BOARDS).map((each) => statusCard(each, undefined, AT + ms)),
      ...Object.values(IN_DEPTH).map((each) => serviceCard(each, AT + ms)),
    ];

    expect(shown.map((card) => cardText(card)).filter((text) => STANDS_STILL.test(text))).toEqual([]);
  });

  test("a lag and a last position carry the moment of their sample", () => {
    const moments = (name: string) =>
      serviceCard(inDepth(name), AT).parts.flatMap((part) =>
        part.kind === "facts"
          ? part.facts.flatMap(([what, value]) => (what === "Lag" && typeof value !== "string" ? value : []))
          : [],
      );

    expect(moments("quiet")).toContainEqual({ timeMs: AT - 10_000, as: "ago" });
    expect(moments("dark")).toContainEqual({ timeMs: AT - 45_000, as: "ago" });
  });

  test("what is kept as a sentence says when, to the second", () => {
    const observed = seenOn(SERVICE, quietDay(SERVICE));
    const lines = seenLines(SERVICE, observed, AT + MINUTE);

    expect(lines.filter((line) => STANDS_STILL.test(line))).toEqual([]);
    expect(lines.join(" ")).toContain("measured at 03:12:35Z");
  });
});

describe("one service in depth", () => {
  const shown = (name: string, region: string) => factsOf(serviceCard(inDepth(name), AT), region);
  const { home } = SERVICE;
  const standby = standbyOf(SERVICE);

  test("a standby without tasks is at rest, and not unhealthy", () => {
    expect(shown("quiet", standby)["Application"]).toBe("at rest");
    expect(shown("quiet", home)["Application"]).toBe("healthy");
  });

  test("a replica has a lag, and a writer has none", () => {
    expect(shown("quiet", standby)["Lag"]).toMatch(/^2 s, objective /);
    expect(shown("quiet", home)).not.toHaveProperty("Lag");
  });

  test("a database that was promoted has no lag, nor has the old writer", () => {
    expect(shown("away", standby)["Database"]).toContain(": standalone");
    expect([shown("away", standby), shown("away", home)].filter((facts) => "Lag" in facts)).toEqual([]);
  });

  test("an old side that answers with errors shows their number, and not their body", () => {
    expect(shown("away", home)["Application"]).toBe("gives errors (HTTP 503)");
  });
});
