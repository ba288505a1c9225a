import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { createOutside } from "../../src/app/outside.ts";
import { proofsOf } from "../../src/app/proofs.ts";
import { readEnvironment } from "../../src/config/environment.ts";
import type { Inventory } from "../../src/domain/service/inventory.ts";
import { idOfRole } from "../../src/integrations/aws/proofs.ts";
import { PAGERS } from "../../src/integrations/pagers/index.ts";
import { mail } from "../../src/integrations/pagers/mail/kind.ts";
import { example } from "../harness/example.ts";
import { silent, testClock } from "../harness/fakes/index.ts";
import { secretInFile } from "../harness/secret-file.ts";
import {
  BINDS_NOTHING,
  type FaultClaim,
  faultRows,
  isLookedFor,
  isSaid,
  NOT_TRIED,
  quotesIn,
  spokenBy,
  titlesIn,
  unboundIn,
} from "./fault-claims.ts";
import { PROCESS_FAULTS } from "./process-faults.ts";
import { PROOF_FAULTS } from "./proof-faults.ts";
import { STORE_FAULTS } from "./store-faults.ts";
import { VENDOR_FAULTS } from "./vendor-faults.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const textOf = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !/^(?:simulators|sandbox)\//.test(name))
  .map((name) => textOf(`src/${name}`));

const PAGE = textOf("docs/when-something-fails.md");
const PARTS = { ...VENDOR_FAULTS, ...STORE_FAULTS, ...PROOF_FAULTS, ...PROCESS_FAULTS };
const ROWS = faultRows(PAGE);
const namesIn = (part: string): string[] => (ROWS.get(part) ?? []).map(({ fault }) => fault);
const claimsOf = (part: string, fault: string) => PARTS[part]?.faults[fault];

describe("docs/when-something-fails.md", () => {
  test("says nothing word for word that no source says", () => {
    const spoken = sources.map(spokenBy);
    const quotes = quotesIn(PAGE);

    expect(quotes.length).toBeGreaterThan(150);
    expect(quotes.filter((quote) => !isSaid(quote, spoken))).toEqual([]);
  });

  test("has a row for every fault of the tables, each once, and no row names another", () => {
    expect([...ROWS.keys()]).toEqual(Object.keys(PARTS));
    for (const [part, { faults, judged = [] }] of Object.entries(PARTS)) {
      expect([part, namesIn(part)]).toEqual([part, Object.keys(faults)]);
      expect(Object.keys(faults)).toEqual(expect.arrayContaining([...judged]));
    }
  });

  test.each([...ROWS].flatMap(([part, rows]) => rows.map((row) => ({ part, ...row }))))(
    "$part: $fault is made to happen by a test, or judged by one, or the row says that none does",
    ({ part, fault, text }) => {
      const claims = claimsOf(part, fault) ?? NOT_TRIED;
      expect(text.includes("*Not tried.*")).toBe(claims === NOT_TRIED);
      expect(text.includes("*Judged, not made.*")).toBe(PARTS[part]?.judged?.includes(fault) ?? false);
      if (claims === NOT_TRIED) return;
      expect(claims.flatMap((claim) => wrongIn(claim, text))).toEqual([]);
    },
  );
});

/** Sentences of the page that the tests of their row do not look for: each is one to bind, and no new one may join them. */
const UNBOUND: Readonly<Record<string, readonly string[]>> = {
  "channel_not_found, not_in_channel": ["Did not work", "people could not be invited"],
  "cant_invite and other refusals of one person": ["Did not work", "… could not be invited: …"],
  "whole outage: Slack dark": ["Slack gives no answer"],
  "an answer that Slack takes neither by its response URL nor as a message": ["An answer could not be delivered"],
  "202, an incident, and no telephone rings": ["… has the incident, and shows nobody whom it has rung"],
  "the acknowledgement or the end is not taken": [
    "the pager could not be told that somebody answered",
    "the incident could not be closed at the pager",
  ],
  "PagerDuty is away while a run needs people": ["People could not be called yet; it is tried again"],
  "EXECABORT: Redis refuses what a ledger tells it of a key": [
    "Your key does not count: it could not be written down (…). Nothing was changed. Turn it again when that is mended.",
  ],
  "EDQUOT, EIO": ["TwoKey's user has used up its part of the disk", "its disk is broken"],
  "torn last line, as a crash leaves it": [
    "The ledger ended in a line that was cut off while it was written",
    "It is kept as ….",
    "The lines before it are whole.",
  ],
  "the archive cannot be written": ["removing what is older than its retention"],
  "RequestTimeTooSkewed: the clock of the machine": [
    "AWS takes no call while the clock of this machine is wrong; set it",
  ],
  "a dark region: nobody listens, or nobody answers": ["AWS is slow or silent now", "STS gives no answer"],
  "SIGTERM, whatever is away": ["Could not stop in order in time; another process goes on from the store"],
  "DNS is dead on this machine: ENOTFOUND": [
    "Slack gives no answer",
    "PagerDuty gives no clear answer",
    "STS gives no answer",
  ],
  "twokey.yaml becomes wrong while it runs": [
    "Problems in twokey.yaml: …. The last good file stays in use. First: line …: …",
  ],
};

test("every sentence that a row quotes is looked for by a test that the row names", () => {
  const unbound = [...ROWS].flatMap(([part, rows]) =>
    rows.map((row) => {
      const claims = claimsOf(part, row.fault) ?? NOT_TRIED;
      return [row.fault, unboundIn(row, claims === NOT_TRIED ? [] : claims, textOf)] as const;
    }),
  );
  expect(Object.fromEntries(unbound.filter(([, sentences]) => sentences.length > 0))).toEqual(UNBOUND);
});

test("this check finds a sentence in its order, in a regular expression too, and in no title", () => {
  const source = 'test("says all of it", () => {}); expect(said).toMatch(/the store \\(.*\\) is full\\. Mend/);';

  expect(["the store (…) is full. Mend", "is full"].map((each) => isLookedFor(each, source))).toEqual([true, true]);
  expect(["is full … the store", "says all of it"].map((each) => isLookedFor(each, source))).toEqual([false, false]);
});

function wrongIn([file, title, by]: FaultClaim, row: string): string[] {
  const source = textOf(file);
  return [
    ...(titlesIn(source).some((each) => each.includes(title)) ? [] : [`${file} has no test called “${title}”`]),
    ...(BINDS_NOTHING.has(by) ? [`“${by}” stands in any row`] : []),
    ...(source.includes(by) ? [] : [`${file} does not say “${by}”`]),
    ...(row.includes(by) ? [] : [`the row does not say “${by}”`]),
  ];
}

describe("each part is whole:", () => {
  test("every kind of pager has one, and no part is about another", () => {
    const about = Object.values(PARTS).flatMap(({ pager }) => pager ?? []);
    expect(about.toSorted()).toEqual(PAGERS.map(({ name }) => name).toSorted());
  });

  test("every proof of the one list has its row, and no row names another", () => {
    const ids = [...SLACK_WAYS.flatMap(proofsBy), `aws-${idOfRole(ELSEWHERE)}`];
    expect(new Set(namesIn("What is proven"))).toEqual(new Set(ids.map((id) => id.replace(/:.*/, ":…"))));
  });

  test("every code with which a store, a ledger or a port refuses the start has its row, and no row names another", () => {
    const codes = ["server-check", "installation", "ledger-opening", "connection", "refusals"].flatMap((name) =>
      codesIn(textOf(`src/store/${name}.ts`)),
    );
    const named = namesIn("What refuses a start").filter((name) => /^[a-z]+(-[a-z]+)+$/.test(name));

    expect(new Set(named)).toEqual(new Set([...codes, ...codesIn(textOf("src/doors/webhooks/server.ts"))]));
  });
});

/** The codes of its refusals, thrown or in a table. */
const codesIn = (source: string): string[] =>
  [...source.matchAll(/(?:UserError\(|\[)\s*"([a-z]+(?:-[a-z]+)+)"/g)].map(([, code = ""]) => code);

const ELSEWHERE = "arn:aws:iam::999900001111:role/twokey-elsewhere";
const SLACK_WAYS = [{ SLACK_APP_TOKEN: "xapp-none" }, { SLACK_SIGNING_SECRET: "s".repeat(32) }] as const;

/** Ids of all that a bot proves whose file has everything that is proven, over this way of Slack's. */
function proofsBy(way: Readonly<Record<string, string>>): string[] {
  const token = secretInFile("SLACK_BOT_TOKEN", "xoxb-none");
  const read = readEnvironment({
    ...{ REDIS_URL: "redis://127.0.0.1:9", SLACK_BOT_TOKEN_FILE: token.path, TWOKEY_CONFIG: "twokey.yaml", ...way },
    ...{ PAGERDUTY_ROUTING_KEY: "n".repeat(32), PAGERDUTY_API_TOKEN: "none-of-it" },
    PAGERDUTY_WEBHOOK_SECRETS: "none-of-these",
    ...{ TWOKEY_LEDGER_DIR: "/nowhere", TWOKEY_LEDGER_KEY: "k".repeat(40) },
  });
  token.remove();
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const { settings } = read;
  const inventory = () => WITH_ALL;
  const outside = createOutside(settings, inventory, {
    ...{ clock: { ...testClock(), toMachineMs: (worldMs: number) => worldMs }, logger: silent },
    budget: { take: async () => 0 },
  });
  const redis = () => Promise.reject(new Error("nothing is proven here"));
  const proofs = proofsOf({ settings, inventory, outside, redis, disagreement: async () => undefined });
  outside.close();
  return proofs.map(({ id }) => id);
}

const MAIL = { server: "smtp.example.com:587", tls: "starttls", from: "twokey@example.com" };
const shipped = example("inventory");
const WITH_ALL: Inventory = {
  ...shipped,
  file: {
    ...shipped.file,
    aws: { ...shipped.file.aws, observe_role: ELSEWHERE },
    pagers: { ...shipped.file.pagers, mail: { settings: MAIL, traits: mail.traits } },
  },
};

test("this check sees a sentence that is not there, and one of which a piece is in another file", () => {
  const spoken = [
    spokenBy("const one = `No plan for ${service}: it is closed.`;"),
    spokenBy('const two = "Nothing was changed.";'),
  ];
  const said = (quote: string) => isSaid(quote, spoken);

  expect(["No plan for …: it is closed.", "Nothing was changed."].map(said)).toEqual([true, true]);
  expect(["No plan for …: it is open.", "No plan for … Nothing was changed.", "…"].map(said)).toEqual([
    false,
    false,
    false,
  ]);
});

test("this check takes no word that stands in any row for what binds a row to a test", () => {
  const file = "test/jobs/looks/away-guard.test.ts";
  const title = "guard away again";

  expect(wrongIn([file, title, "again"], "It is tried again.")).toEqual(["“again” stands in any row"]);
  expect(wrongIn([file, title, "takes in no alert"], "It takes in no alert.")).toEqual([]);
});

test("this check sees titles, also behind a table, and takes no other words for one", () => {
  const source =
    'test.each([[1, "a"]])(\n  "%s holds",\n  async () => {},\n); test(`also both`, () => 1); say("no title", 3);';
  expect(titlesIn(source)).toEqual(["%s holds", "also both"]);
});
