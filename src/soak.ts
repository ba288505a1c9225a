import { fileURLToPath } from "node:url";
import { readInherited } from "./config/inherited.ts";
import { chainOf } from "./domain/errors.ts";
import { benchLogger } from "./sandbox/bench/measurement.ts";
import { readSoakArguments, SOAK_USAGE, type SoakArguments } from "./sandbox/soak/arguments.ts";
import { playDays } from "./sandbox/soak/days.ts";
import { flatnessOf } from "./sandbox/soak/flat.ts";
import { sayRuns, tableOf } from "./sandbox/soak/sample.ts";
import { SOAK_SLACK_MINUTE_MS, SOAK_SPEED, SOAK_WRITE_SECONDS } from "./sandbox/soak/speed.ts";
import { startStage } from "./sandbox/stage.ts";

/**
 * `npm run soak`: a year of alarms, incidents and runs with the real bot and a real Redis in the simulated world, whose clock
 * jumps to whatever is due next; to the end of a run it jumps by two minutes whenever nobody is at work. Exit codes: 0 played, 1 the
 * store grows or it could not be played, 2 called wrongly.
 */
const EXAMPLE = fileURLToPath(new URL("../examples/inventory.yaml", import.meta.url));

async function main(): Promise<void> {
  const read = readSoakArguments(process.argv.slice(2));
  switch (read.kind) {
    case "help":
      process.stdout.write(SOAK_USAGE);
      return;
    case "wrong":
      process.stderr.write(`${read.why}\n`);
      process.exitCode = 2;
      return;
    case "play":
      await play(read.wanted);
  }
}

async function play(wanted: SoakArguments): Promise<void> {
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const { config = EXAMPLE, seed, days, isJson } = wanted;
  const stage = await startStage({
    ...{
      config,
      seed,
      speed: SOAK_SPEED,
      slackMinuteMs: SOAK_SLACK_MINUTE_MS,
      writeSeconds: SOAK_WRITE_SECONDS,
      bots: 1,
    },
    ...{ inherited: readInherited(), logger: benchLogger() },
  });
  const stop = () => void stage.stop().then(() => process.exit(1));
  process.once("SIGINT", stop).once("SIGTERM", stop);
  let keepLogs = true;
  try {
    const { samples, runs } = await playDays(stage, wanted, say);
    const flat = flatnessOf(samples);
    process.stdout.write(
      isJson
        ? `${JSON.stringify({ runs })}\n${JSON.stringify({ days, samples })}\n`
        : `${tableOf(samples)}${sayRuns(runs)}`,
    );
    if (flat.kind !== "flat") say([flat.why].flat().join(" "));
    if (flat.kind === "grows") process.exitCode = 1;
    keepLogs = false;
  } finally {
    if (keepLogs) say(`The bot's log is ${stage.bots[0]?.logFile}`);
    await stage.stop({ keepLogs });
  }
}

await main().catch((error: unknown) => {
  process.stderr.write(`The soak ended early: ${chainOf(error)}\n`);
  process.exitCode = 1;
});
