import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { rebootedByHand } from "../../src/flows/resources/stores/rds-replica/close-by-hand.ts";
import { endByHand, signInByHand } from "../../src/flows/resources/stores/rds-replica/end-by-hand.ts";
import { type DatabaseLogin, ENGINES } from "../../src/ports/database-sessions.ts";
import { planOf } from "../harness/by-hand-plans.ts";
import { linesOfBlock } from "../harness/pasted.ts";
import { PLAYS } from "../harness/plays.ts";

/**
 * In place of all that the lines call, in bash and zsh: each call is written down, and the one of number `$at` fails, or answers
 * as `$how` says and is called a success.
 */
const STAND_INS = String.raw`
at=0; how=fail; : > calls
called() {
  printf '[%s]' "$@" >> calls
  echo >> calls
  test "$(wc -l < calls)" -ne "$at"
}
fails() { test "$how" = fail && echo "$1 fails" >&2; }
aws() {
  case "$*" in
    *file://*) grep -q IpProtocol "$(echo "$*" | sed 's|.*file://||')" || echo '[None of it was read]' >> calls ;;
  esac
  if called aws "$@"
  then
    case "$*" in
      *SnapshotIdentifier==*) ;;
      *VpcSecurityGroupId*) printf 'sg-1\tsg-2\n' ;;
      *taskArns*) printf 'task/1\ttask/2\n' ;;
      *IpPermissions*) echo '[{"IpProtocol": "tcp"}]' ;;
      *describe-scalable-targets*json*) echo '{"ScalableDimension": ""}' ;;
      *) echo 5 ;;
    esac
  else
    case "$how" in
      None) echo None ;;
      nothing) ;;
      *) echo 'An error occurred (ThrottlingException)' >&2; return 254 ;;
    esac
  fi
}
curl() { called curl "$@" || return 6; }
dig() { called dig "$@" || return 9; }
sleep() { called sleep "$@"; }
rm() { called rm "$@" && command rm "$@"; }
touch() { called touch "$@" && command touch "$@"; }
mkfifo() { called mkfifo "$@" && command mkfifo "$@"; }
date() { called date "$@" && command date "$@"; }
psql() { cat > sql.told; }
mysql() { cat > sql.told; }
exec 3> three 4> four
`;

const SHELLS = (
  [
    ["bash", ["--norc", "-i"]],
    ["zsh", ["-f", "-i"]],
  ] as const
).filter(([shell]) => spawnSync(shell, ["-c", "exit 0"]).status === 0);

type Shell = (typeof SHELLS)[number];
type How = "fail" | "None" | "nothing";
interface Case {
  /** Pasted behind the block. */
  readonly behind?: string;
  readonly at: number;
  readonly how: How;
}
interface Outcome extends Case {
  readonly said: readonly string[];
  readonly calls: readonly string[];
}

/** Pastes the lines into one interactive shell, once for each case, and resolves to what came of each; none where the shell was lost. */
async function pastedIn([shell, options]: Shell, lines: readonly string[], cases: readonly Case[]): Promise<Outcome[]> {
  const cwd = await mkdtemp(join(tmpdir(), "twokey-by-hand-"));
  const pastes = cases.flatMap(({ at, how, behind = "" }) => [
    `at=${at}; how=${how}; : > calls`,
    ...[...lines, behind],
    `echo; echo '=='; sed 's/^/called /' calls; echo '==end'`,
  ]);
  const { stdout } = spawnSync(shell, options, {
    ...{ encoding: "utf8", cwd, timeout: 60_000, input: [STAND_INS, ...pastes, "exit 0", ""].join("\n") },
    env: { ...process.env, HISTFILE: "/dev/null", PS1: "", PS2: "", DATABASE_STOCK: "a password" },
  });
  await rm(cwd, { recursive: true });
  const ended = stdout.split("==end").slice(0, -1);
  return ended.flatMap((text, index) => {
    const [said = "", calls = ""] = text.split("==\n");
    const one = cases[index];
    return one ? [{ ...one, said: linesIn(said), calls: linesIn(calls) }] : [];
  });
}

const linesIn = (text: string): string[] => text.split("\n").filter((line) => line.trim() !== "");

const READS = /\[aws\]\[[a-z0-9-]+\]\[(describe|get|list|wait)\b/;
const isChange = (call: string): boolean => call.includes("[aws]") && !READS.test(call);
const gates = ({ said }: Outcome): number => said.filter((line) => /Go on /.test(line)).length;
const failures = ({ said }: Outcome): number => said.filter((line) => /FAILED in step /.test(line)).length;

/** What is wrong with a block in that shell: nothing of what is said here may ever be. */
async function wrongIn(shell: Shell, lines: readonly string[]): Promise<string[]> {
  const nothingFails = { at: 0, how: "fail" as const };
  const [well, again] = await pastedIn(shell, lines, [nothingFails, { ...nothingFails, behind: lines.at(-1) ?? "" }]);
  if (!well || !again) return ["the shell was lost although nothing failed"];
  if (gates(again) !== 2 || again.calls.slice(well.calls.length).some(isChange))
    return [`the last line alone is no look that can be repeated: ${again.said.join(" / ")}`];
  if (gates(well) !== 1 || failures(well) !== 0) return [`no gate although nothing failed: ${well.said.join(" / ")}`];
  const places = well.calls.map((call, index) => ({ call, at: index + 1 }));
  const reads = places.filter(({ call }) => READS.test(call));
  const cases: Case[] = [
    ...places.map(({ at }) => ({ at, how: "fail" as const })),
    ...reads.flatMap(({ at }) => [
      { at, how: "None" as const },
      { at, how: "nothing" as const },
    ]),
  ];
  const outcomes = await pastedIn(shell, lines, cases);
  if (outcomes.length !== cases.length) return ["the shell was lost when a command failed"];
  return outcomes.flatMap((outcome) => wrongOf(outcome, well).map((what) => `${outcome.how} ${outcome.at}: ${what}`));
}

function wrongOf(outcome: Outcome, well: Outcome): string[] {
  const changed = outcome.calls.filter(isChange);
  if (outcome.how !== "fail")
    return changed.filter((call) => /\[\]|None/.test(call)).map((call) => `changes by a value that is none: ${call}`);
  const later = outcome.calls.slice(outcome.at);
  return [
    ...(gates(outcome) === 0 ? [] : ["the gate is told"]),
    ...(failures(outcome) === 1 ? [] : ["no failure is told"]),
    ...later.map((call) => `goes on: ${call}`),
    ...(outcome.calls.length >= outcome.at ? [] : [`stops early, ${outcome.calls.length} of ${well.calls.length}`]),
  ];
}

const LOGIN: Omit<DatabaseLogin, "engine"> = {
  ...{ region: "eu-west-1", instance: "stock", host: "stock.example.com", port: 5432 },
  ...{ database: "stock", user: "twokey", password: "DATABASE_STOCK", caFile: "rds.pem" },
};

/** Of every plan, and those of a fence that ends sessions, which no example has; each once. */
async function everyBlock(): Promise<readonly (readonly string[])[]> {
  const plans = await Promise.all(PLAYS.map(planOf));
  const logins = ENGINES.map((engine) => ({ ...LOGIN, engine }));
  const all = [
    ...plans.flatMap(({ steps }) => steps.flatMap(({ byHand }) => byHand)),
    ...logins.flatMap((login) => [signInByHand(login), ...endByHand(login)]),
    rebootedByHand("eu-west-1", "stock"),
  ].map(linesOfBlock);
  return [...new Map(all.map((lines) => [lines.join("\n"), lines])).values()];
}

describe.each(SHELLS.map((shell) => ({ name: shell[0], shell })))("pasted into $name", ({ shell }) => {
  test("guard by hand stops: a block ends at its first command that fails, says so, and never tells people to go on", async () => {
    const wrong: string[] = [];
    let changes = 0;
    for (const lines of await everyBlock()) {
      changes += isChanging(lines) ? 1 : 0;
      wrong.push(...(await wrongIn(shell, lines)).map((what) => `${lines[0]}\n  ${what}`));
    }

    expect(wrong).toEqual([]);
    expect(changes).toBeGreaterThanOrEqual(8);
  }, 300_000);
});

test.each(SHELLS.map((shell) => ({ name: shell[0], shell })))(
  "a client that cannot sign in takes nobody's $name with it",
  async ({ shell }) => {
    const lines = linesOfBlock(signInByHand({ ...LOGIN, engine: "postgres" }));
    // The lines, with a client that is gone by the time at which it is told something.
    const client = "psql() { command head -c 1 > ended; }";
    const last = lines.at(-1) ?? "";
    const gone = [client, ...lines, "wait", last];
    const [outcome] = await pastedIn(shell, gone, [{ at: 0, how: "fail" }]);

    expect(outcome && failures(outcome)).toBe(1);
  },
);

const isChanging = (lines: readonly string[]): boolean =>
  lines.some((line) => /aws \S+ (?!describe|get|list|wait)/.test(line));
