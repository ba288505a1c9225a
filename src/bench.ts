import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { readInherited } from "./config/inherited.ts";
import { chainOf } from "./domain/errors.ts";
import { alertToPeople } from "./sandbox/bench/alert.ts";
import { type BenchArguments, benchUsage, readBenchArguments } from "./sandbox/bench/arguments.ts";
import { coldPlan } from "./sandbox/bench/cold-plan.ts";
import { failover } from "./sandbox/bench/failover.ts";
import { growth } from "./sandbox/bench/growth.ts";
import { idleBot } from "./sandbox/bench/idle.ts";
import { type Bench, benchLogger, type Measurement } from "./sandbox/bench/measurement.ts";
import { timeOfFixedWork } from "./sandbox/bench/noise.ts";
import { planned } from "./sandbox/bench/planned.ts";
import { type Circumstances, type Finished, jsonOf, tableOf } from "./sandbox/bench/report.ts";
import { resumeAfterKill } from "./sandbox/bench/resume.ts";
import { manyIncidents } from "./sandbox/bench/scale.ts";
import { alertStorm, webhookIntake } from "./sandbox/bench/webhooks.ts";

/**
 * `npm run bench`: the numbers that we hold ourselves to, measured with the real bot in the simulated world. A missed bar
 * is a result like any other. Exit codes: 0 measured, 1 something could not be measured, 2 called wrongly.
 */
const MEASUREMENTS: readonly Measurement[] = [
  idleBot,
  webhookIntake,
  alertToPeople,
  alertStorm,
  manyIncidents,
  growth,
  coldPlan,
  failover,
  planned,
  resumeAfterKill,
];
const EXAMPLE = fileURLToPath(new URL("../examples/inventory.yaml", import.meta.url));

async function main(): Promise<void> {
  const names = MEASUREMENTS.map(({ name }) => name);
  const read = readBenchArguments(process.argv.slice(2), names);
  switch (read.kind) {
    case "help":
      process.stdout.write(benchUsage(names));
      return;
    case "wrong":
      process.stderr.write(`${read.why}\n`);
      process.exitCode = 2;
      return;
    case "run":
      await run(read.wanted);
  }
}

async function run({ only, isQuick, isJson, seed, config }: BenchArguments): Promise<void> {
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const bench: Bench = {
    ...{ config: config ?? EXAMPLE, seed, isQuick, say },
    inherited: readInherited(),
    logger: benchLogger(),
  };
  const finished: Finished[] = [];
  const [before = 0] = loadavg();
  const noiseBefore = timeOfFixedWork();
  for (const measurement of MEASUREMENTS.filter(({ name }) => only === undefined || name === only)) {
    say(`Measuring ${measurement.name} …`);
    try {
      finished.push({ measurement, measured: await measurement.measure(bench) });
    } catch (error) {
      // The others may still be measured.
      say(`${measurement.name} could not be measured: ${chainOf(error)}`);
      process.exitCode = 1;
    }
  }
  const [after = 0] = loadavg();
  const circumstances: Circumstances = {
    seed,
    isQuick,
    load: [before, after],
    noise: [noiseBefore, timeOfFixedWork()],
  };
  process.stdout.write(isJson ? `${jsonOf(finished, circumstances)}\n` : tableOf(finished, circumstances));
}

await main();
