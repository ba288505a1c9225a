import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { byHandParts } from "../../src/domain/plan-run/by-hand-parts.ts";
import { stepOf } from "../../src/domain/plan-run/plan.ts";
import { fencedByHand } from "../../src/flows/runbooks/failover/fence-by-hand.ts";
import { FenceInput } from "../../src/flows/runbooks/failover/fence-input.ts";
import { messageOf } from "../../src/integrations/slack/blocks.ts";
import type { WholeWorld } from "../../src/simulators/whole-world.ts";
import { byHandCard } from "../../src/views/by-hand.ts";
import { cardText } from "../../src/views/card-text.ts";
import { planOf } from "../harness/by-hand-plans.ts";
import { linesOfBlock } from "../harness/pasted.ts";
import { isToggle, PLAYS, type Play } from "../harness/plays.ts";
import { faultsIn } from "../procedures/read.ts";
import { controlOf, openExample } from "../sandbox/derived-world.ts";

/** What each line of a plan's commands by hand calls; nothing of it leaves this machine here. */
const STAND_INS = [
  `aws() { case "$*" in *Snapshots[?]*) ;; *) echo '[IpProtocol]' ;; esac; }; curl() { :; }; dig() { :; }; sleep() { :; }`,
  // They read what they are told until nobody says more, as the real ones do.
  "psql() { cat > sql.told; }; mysql() { cat > sql.told; }",
].join("\n");

/** `date` as macOS has it: what only GNU's knows is refused. This machine's own is GNU's. */
const BSD_DATE = `date() {
  for option in "$@"
  do
    case "$option" in
      -u|-j|+*) ;;
      *) echo "date: illegal option $option" >&2; return 1 ;;
    esac
  done
  command date "$@"
}`;
const DATES = [
  ["GNU", ""],
  ["BSD", BSD_DATE],
] as const;
/** Nothing of the person's own start files. zsh is tried where it is there; `.ci/run` installs it. */
const SHELLS = (
  [
    ["bash", ["--norc", "-c"]],
    ["zsh", ["-fc"]],
  ] as const
).filter(([shell]) => spawnSync(shell, ["-c", "exit 0"]).status === 0);

/** Status, what says that something failed, and errors of the lines, pasted into that shell in a directory of their own. */
async function ranIn(shell: string, options: readonly string[], lines: readonly string[]) {
  const cwd = await mkdtemp(join(tmpdir(), "twokey-by-hand-"));
  const { status, stdout, stderr } = spawnSync(shell, [...options, lines.join("\n")], {
    ...{ encoding: "utf8", cwd, timeout: 20_000 },
    env: { ...process.env, DATABASE_GUESTS: "a password" },
  });
  await rm(cwd, { recursive: true });
  return [status, stdout.split("\n").filter((line) => line.startsWith("FAILED")), stderr];
}

const blocksOf = async (play: Play): Promise<string[][]> =>
  (await planOf(play)).steps.flatMap(({ byHand }) => byHand.map(linesOfBlock));
const linesOf = async (play: Play): Promise<string[]> => (await blocksOf(play)).flat();

/** A look, a wait, a loop of them, or what may be done twice: never what changes something once. */
const ASKS_AGAIN =
  /^(\(for |\(echo |\(tasks=|exec \d>&-|now=|test |echo |curl |dig |[a-z]+=\$\(aws \S+ describe-|aws \S+ (describe-|get-|list-|wait ))/;
/** The last command, and on its line what is told behind it. */
const LAST = /^(.+) && echo 'Go on (.+)\.' \|\| echo 'FAILED in step (.+)\.'$/;

/** What is left of a line without what stands in quotes, and without arithmetic and commands in their place. */
const unquoted = (line: string): string => line.replaceAll(/'[^']*'|"[^"]*"|\\'/g, "");

/** How the CLI calls a service, where that is not its signing name. */
const SIGNED_AS: Readonly<Record<string, string>> = { cloudwatch: "monitoring", elbv2: "elasticloadbalancing" };

/** `rds describe-db-instances` of each `aws` in the lines; a waiter asks by describing what it waits for. */
function callsOf(lines: readonly string[]): string[] {
  const found = lines.flatMap((line) => [...line.matchAll(/\baws ([a-z0-9-]+) (wait )?([a-z0-9-]+)/g)]);
  return found.map(([, service = "", isWaiter, name = ""]) => {
    const command = isWaiter ? name.replace(/^(.*)-available$/, "describe-$1s") : name;
    return `${SIGNED_AS[service] ?? service} ${command.replaceAll("-", "")}`;
  });
}

/** Of every service, as a command of the CLI without its dashes. */
const Operations = z.record(z.string(), z.array(z.string().toLowerCase()));

describe("the simulated world", () => {
  let whole: WholeWorld;
  beforeAll(async () => {
    whole = await openExample("inventory");
  });
  afterAll(() => whole.stop());

  test("performs each AWS command that a plan tells people to make by hand", async () => {
    const operations = Operations.parse(await controlOf(whole)("GET", "/aws/operations"));
    const lines = (await Promise.all(PLAYS.map(linesOf))).flat();
    const calls = [...new Set(callsOf(lines))];

    expect(calls).toEqual(expect.arrayContaining(["monitoring getmetricstatistics", "rds describedbsnapshots"]));
    expect(calls.length).toBeGreaterThanOrEqual(15);
    const isPerformed = (call: string) => operations[call.split(" ")[0] ?? ""]?.includes(call.split(" ")[1] ?? "");
    expect(calls.filter((call) => !isPerformed(call))).toEqual([]);
  });
});

const loginTo = (instance: string) => ({
  ...{ region: "eu-west-1", instance, engine: "postgres", host: `${instance}.example.com`, port: 5432 },
  ...{ database: "postgres", user: "twokey", password: "DATABASE_GUESTS", caFile: "rds.pem" },
});

test("people sign in to every store before the first is closed, each over a file descriptor of its own", async () => {
  const plan = await planOf({ title: "", example: "every-kind", service: "bookings", runbook: "failover" });
  const input = FenceInput.parse(stepOf(plan, "fence").input);
  const stores = input.parts.filter(({ kind }) => kind === "rds-replica");
  const parts = input.parts.map((part) =>
    stores.includes(part) ? { ...part, things: { ...part.things, login: loginTo(part.resource) } } : part,
  );

  const blocks = fencedByHand({ ...input, parts });
  const [first = "", second = ""] = stores.map(({ resource }) => resource);
  expect([first, second].filter((each) => each !== "")).toHaveLength(2);
  expect(blocks[0]?.before).toContain(`Close ${first} all the same`);
  const opened = blocks.flatMap(({ of, commands }, index) =>
    commands.flatMap((line) => (/^exec \d> /.test(line) ? [[index, of, line.slice(0, 7)]] : [])),
  );
  expect(opened).toEqual([
    [0, first, "exec 3>"],
    [1, second, "exec 4>"],
  ]);
  const saidTo = (of: string) =>
    blocks
      .filter((block) => block.of === of)
      .flatMap(({ commands }) => commands.join("\n").match(/>&\d|exec \d>/g) ?? []);
  expect(new Set(saidTo(first))).toEqual(new Set(["exec 3>", ">&3"]));
  expect(new Set(saidTo(second))).toEqual(new Set(["exec 4>", ">&4"]));
  for (const [shell, options] of SHELLS)
    expect(await ranIn(shell, options, ["set -eu", STAND_INS, ...blocks.flatMap(linesOfBlock), "wait"])).toEqual([
      0,
      [],
      "",
    ]);
});

test("what an owner wrote of how a name is moved stands on the card to its last character", async () => {
  const how = `${"Network team, then the portal. ".repeat(47)}+44 7700 900199`;
  const plan = await planOf({ title: "", example: "every-kind", service: "desk", runbook: "failover" });
  const steps = plan.steps.map((step) => ({
    ...step,
    byHand: step.byHand.map((block) => (block.before?.includes("Network team") ? { ...block, before: how } : block)),
  }));

  const long = { ...plan, steps };
  const cards = byHandParts(long).map((_, index) => byHandCard(long, index + 1));

  const shown = cards.flatMap((card) => messageOf(card, () => undefined).blocks);
  expect(JSON.stringify(shown)).toContain(how.trim());
});

describe.each(PLAYS)("the commands by hand of $title", (play) => {
  test("are a procedure in which the linter of procedures finds nothing", async () => {
    const faults = await faultsIn({ "by-hand.sh": (await linesOf(play)).join("\n") });

    expect(faults.map(({ line, rule, what }) => `${line} ${rule}: ${what}`)).toEqual([]);
  });

  test("stop people at one gate a paste, on its last line, with what can be asked again", async () => {
    const blocks = await blocksOf(play);

    expect(blocks.flatMap((lines) => lines.slice(0, -1)).filter((line) => /go on/i.test(line))).toEqual([]);
    for (const lines of blocks) {
      expect(LAST.exec(lines.at(-1) ?? "")?.[1]).toMatch(ASKS_AGAIN);
      expect(lines.at(-1)?.startsWith("(") ? lines.at(-1) : "").not.toMatch(/ (revoke|create|update)-/);
    }
  });

  test("stand on the cards, each block whole and in a paste of its own, and none is left out", async () => {
    const plan = await planOf(play);
    const cards = byHandParts(plan).map((_, index) => byHandCard(plan, index + 1));
    const shown = cards.flatMap((card) => messageOf(card, () => undefined).blocks);

    const pastes = shown.flatMap((block) =>
      block.type !== "rich_text"
        ? []
        : block.elements.flatMap((part) =>
            part.type === "rich_text_preformatted"
              ? [part.elements.map((each) => (each.type === "text" ? each.text : "")).join("")]
              : [],
          ),
    );
    const blocks = plan.steps.flatMap(({ byHand }) => byHand.map((block) => linesOfBlock(block).join("\n")));
    const parted = (paste: string) => {
      const [well = "", failed = ""] = paste.split(" || echo 'FAILED in step ");
      return { well, failed };
    };
    const told = pastes.slice(1).map(parted);
    expect(told.map(({ well }) => well).toSorted()).toEqual(blocks.map((block) => parted(block).well).toSorted());
    // What a block says where it fails names that block, and no other.
    const numbers = told.map(({ failed }) => failed.split(":")[0] ?? "");
    expect(new Set(numbers).size).toBe(told.length);
    const text = cards.map((card) => cardText(card)).join("\n");
    expect(numbers.filter((number) => !text.includes(`${number}. `))).toEqual([]);
    expect(told.filter(({ failed }) => failed.includes("do not paste this block again"))).toHaveLength(
      plan.steps.filter(isToggle).length,
    );
    expect(pastes[0]).toMatch(/^export AWS_PAGER="" && echo 'Go on at once, [^']*\.'$/);
    expect(JSON.stringify(shown)).not.toContain("This message was shortened");
  });

  test("say on the cards whole what people have to know before a block, which waits for blocks of its own part only", async () => {
    const plan = await planOf(play);
    const text = byHandParts(plan)
      .map((_, index) => cardText(byHandCard(plan, index + 1)))
      .join("\n");

    for (const { byHand } of plan.steps)
      for (const { before = "", of = "" } of byHand) {
        expect(text).toContain(before);
        expect(text).toContain(of);
      }
    for (const { byHand } of plan.steps.filter(isToggle)) {
      const [looks, ...calls] = byHand;
      expect(looks?.commands.filter((line) => !ASKS_AGAIN.test(line))).toEqual([]);
      expect(calls).toHaveLength(1);
      expect(text.indexOf("Make this call once")).toBeGreaterThan(text.indexOf(looks?.goOn ?? "no look"));
    }
  });

  test("have nothing that zsh takes for a file or for a command, and no date that only GNU knows", async () => {
    const lines = await linesOf(play);

    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => /[#?*[\]~!]/.test(unquoted(line)))).toEqual([]);
    expect(lines.filter((line) => /date -u? ?-[dv]/.test(line))).toEqual([]);
  });

  test.each(SHELLS.flatMap(([shell, options]) => DATES.map(([whose, date]) => ({ shell, options, whose, date }))))(
    "run in $shell from the first line to the last, with the date of $whose",
    async ({ shell, options, date }) => {
      const lines = ["set -eu", STAND_INS, date, ...(await linesOf(play)), "wait"];

      expect(await ranIn(shell, options, lines)).toEqual([0, [], ""]);
    },
  );
});
