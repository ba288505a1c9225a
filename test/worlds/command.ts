import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { z } from "zod";
import { SEED } from "../harness/tables.ts";
import { FAULT_NAMES } from "./fault-names.ts";
import type { WorldResult } from "./share.ts";
import { tableOf, tallyOf } from "./tally.ts";

/**
 * `npm run worlds`: random worlds, each judged from its own log. Exit codes: 0 no violation, 1 a violation, a kind of fault
 * that was met too rarely, or too few runs, 2 called wrongly.
 */
const USAGE = `npm run worlds -- [--runs N] [--seed S] [--only INDEX] [--processes N] [--json]

Plays N random worlds (200), drawn from S (another one each day): lag, modes, faults of AWS, Redis, Slack and pager, other
people, votes, workers that die. Each is judged from the world's own log and the run's journal. --only plays one of them again.
`;
const Numbers = z.strictObject({
  runs: z.coerce.number().int().min(1).default(200),
  seed: z.coerce.number().int().min(0).default(SEED),
  only: z.coerce.number().int().min(0).optional(),
  processes: z.coerce.number().int().min(1).max(64).default(2),
});
type Wanted = z.infer<typeof Numbers>;
const text = { type: "string" } as const;
const flag = { type: "boolean", default: false } as const;

/** Most of a world is waiting. */
const AT_ONCE = 5;
const WORKER = fileURLToPath(new URL("worker.mjs", import.meta.url));
const LOADER = fileURLToPath(new URL("../cards/typescript.mjs", import.meta.url));
/** From so many runs on each kind of fault has to be met in one of fifty. */
const MANY_RUNS = 1_000;
const LEAST_SHARE = 1 / 50;
/** Worlds whose plan was refused judge little: on a machine that is far too busy most of them are. */
const LEAST_BEGUN = 3 / 4;

/** Resolves to the exit code. A Redis runs already. */
export async function command(args: readonly string[]): Promise<number> {
  const { json, help, ...numbers } = parseArgs({
    args: [...args],
    options: { runs: text, seed: text, only: text, processes: text, json: flag, help: flag },
  }).values;
  const wanted = Numbers.safeParse(numbers);
  if (help) process.stdout.write(USAGE);
  else if (wanted.success) return playAll(wanted.data, json);
  else process.stderr.write(`${z.prettifyError(wanted.error)}\n${USAGE}`);
  return help ? 0 : 2;
}

async function playAll({ runs, seed, only, processes }: Wanted, isJson: boolean): Promise<number> {
  const indices = only === undefined ? Array.from({ length: runs }, (_, index) => index) : [only];
  const results: WorldResult[] = [];
  const startedMs = performance.now();
  const told = (result: WorldResult) => {
    results.push(result);
    say(result, { progress: `${results.length}/${indices.length}`, isOne: only !== undefined });
  };
  const shares = Array.from({ length: Math.min(processes, indices.length) }, (_, turn) =>
    indices.filter((index) => index % processes === turn || indices.length === 1),
  );
  await Promise.all(shares.map((share) => playElsewhere(seed, share, told)));
  const tally = tallyOf(results);
  const tookSeconds = Math.round((performance.now() - startedMs) / 1_000);
  process.stdout.write(tableOf(results, seed));
  process.stdout.write(`${results.length} worlds took ${tookSeconds} s in all\n`);
  const rare = FAULT_NAMES.filter((name) => (tally.hits[name] ?? 0) < runs * LEAST_SHARE);
  const isRare = only === undefined && runs >= MANY_RUNS && rare.length > 0;
  if (isRare) process.stdout.write(`Met too rarely: ${rare.join(", ")}\n`);
  const begun = results.filter(({ end }) => end !== "refused").length;
  const isIdle = only === undefined && begun < results.length * LEAST_BEGUN;
  if (isIdle)
    process.stdout.write(`Only ${begun} of ${results.length} worlds had a run: the others saw no answer in time\n`);
  if (isJson) process.stdout.write(`${JSON.stringify({ runs: results.length, seed, tookSeconds, ...tally })}\n`);
  return tally.violations > 0 || isRare || isIdle || results.length < indices.length ? 1 : 0;
}

function say(
  { says, end, why, tookMs, violations, trace }: WorldResult,
  { progress, isOne }: { readonly progress: string; readonly isOne: boolean },
): void {
  process.stderr.write(`${progress} ${end} in ${Math.round(tookMs / 1_000)} s: ${says}${isOne ? ` – ${why}` : ""}\n`);
  if (trace) process.stdout.write(`${trace}\n`);
  for (const { guarantee, says: what } of violations) process.stderr.write(`  ${guarantee} VIOLATED: ${what}\n`);
}

/** A world takes one core's time: each further process plays on another one. */
function playElsewhere(seed: number, indices: readonly number[], told: (result: WorldResult) => void): Promise<void> {
  const child = fork(WORKER, { execArgv: ["--no-warnings", "--max-semi-space-size=64", "--import", LOADER] });
  child.on("message", (result: WorldResult) => told(result));
  child.send({ seed, indices, atOnce: AT_ONCE, isTraced: indices.length === 1 });
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
  });
}
