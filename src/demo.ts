import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createLogger } from "./app/log.ts";
import { readInherited } from "./config/inherited.ts";
import { chainOf } from "./domain/errors.ts";
import { leastTimeMs } from "./sandbox/bench/least-time.ts";
import { type Stage, startStage } from "./sandbox/stage.ts";
import { CLAIMS } from "./sandbox/story/claims.ts";
import { BEFORE_DAWN, play } from "./sandbox/story/play.ts";
import { type Report, report } from "./sandbox/story/report.ts";
import { Transcript } from "./sandbox/story/transcript.ts";

/** `npm run demo`: the main job in a simulated world. Exit codes: 0 every claim held, 1 one did not, 2 called wrongly. */
const USAGE = "Usage: npm run demo -- [--json] [--seed N] [--speed K]\n";
const CONFIG = fileURLToPath(new URL("../examples/inventory.yaml", import.meta.url));

async function main(): Promise<void> {
  const wanted = readArguments(process.argv.slice(2));
  if (!wanted) {
    process.stderr.write(USAGE);
    process.exitCode = 2;
    return;
  }
  let stage: Stage | undefined;
  // Whatever was started before the stage stands holds a pipe of ours and ends with us.
  const end = () => void (stage?.stop() ?? Promise.resolve()).finally(() => process.exit(130));
  process.once("SIGINT", end).once("SIGTERM", end);
  try {
    stage = await startStage({
      config: CONFIG,
      bots: 2,
      begins: BEFORE_DAWN,
      inherited: readInherited(),
      logger: createLogger("silent", "demo"),
      ...wanted,
    });
    const told = await tell(stage, wanted);
    process.stdout.write(wanted.json ? `${JSON.stringify(told.figures)}\n` : told.table);
    process.exitCode = told.figures.ok ? 0 : 1;
    if (!told.figures.ok) process.stderr.write(`The bots' logs are kept in ${stage.directory}\n`);
  } catch (error) {
    // Whoever reads the last line alone must learn it too.
    const { seed, speed } = wanted;
    if (wanted.json) process.stdout.write(`${JSON.stringify({ ok: false, speed, seed, why: chainOf(error) })}\n`);
    process.stderr.write(`\nThe demo could not be played to its end: ${chainOf(error)}\n`);
    for (const bot of stage?.bots ?? []) process.stderr.write(await lastLines(bot.logFile));
    process.exitCode = 1;
  } finally {
    await stage?.stop({ keepLogs: process.exitCode === 1 });
  }
}

async function tell(stage: Stage, { json, seed, speed }: Arguments): Promise<Report> {
  const names = new Map(
    Object.values(stage.inventory.file.people).flatMap(({ accounts, pagers, name }) =>
      [...accounts.map(({ id }) => id), ...Object.values(pagers)].map((id) => [id, name] as const),
    ),
  );
  names.set(stage.inventory.file.alerts.channel, "#alerts");
  // With --json nobody listens to the story: the last line of standard output is the object.
  const transcript = new Transcript(stage.world, { names }, json ? { write: () => true } : process.stdout);
  if (!json)
    process.stdout.write(
      `TwoKey in a simulated world, ${speed} times as fast as yours (seed ${seed}). The bot is the real one; Slack, PagerDuty, AWS, DNS
and the application are simulated. What you read is the log of that world, and it is judged by it.\n\n`,
    );
  const played = await transcript.during(() => play(stage, transcript, names));
  const entries = await stage.world.log();
  return report({ stage, played, entries, seed, speed, claims: CLAIMS, leastMs: leastTimeMs(entries) });
}

interface Arguments {
  readonly json: boolean;
  readonly seed: number;
  readonly speed: number;
}

function readArguments(args: string[]): Arguments | undefined {
  try {
    const { values } = parseArgs({
      args,
      options: {
        json: { type: "boolean", default: false },
        seed: { type: "string", default: "1" },
        speed: { type: "string", default: "10" },
      },
    });
    const [seed, speed] = [Number(values.seed), Number(values.speed)];
    return Number.isInteger(seed) && seed >= 0 && speed > 0 ? { json: values.json, seed, speed } : undefined;
  } catch {
    return undefined;
  }
}

async function lastLines(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch(() => "");
  return `${path}:\n${text.split("\n").slice(-6).join("\n")}\n`;
}

await main();
