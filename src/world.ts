import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sandboxEnvironment } from "./sandbox/environment.ts";
import { readWorldArguments, WORLD_USAGE, type WorldArguments } from "./sandbox/world-arguments.ts";
import type { WorldSource } from "./sandbox/world-source.ts";
import type { WholeWorld } from "./simulators/whole-world.ts";

/** `npm run world`: the simulated world alone, for any client. Exit codes: 0 stopped, 1 did not start, 2 called wrongly. */
const EXAMPLE = fileURLToPath(new URL("../examples/inventory.yaml", import.meta.url));

async function main(): Promise<void> {
  const read = readWorldArguments(process.argv.slice(2));
  if (read.kind === "help") {
    process.stdout.write(WORLD_USAGE);
    return;
  }
  if (read.kind === "wrong") {
    fail(2, read.why);
    return;
  }
  // Who called it wrongly is told without waiting for a world to load.
  const { readWorldSource } = await import("./sandbox/world-source.ts");
  const { wanted } = read;
  const path = wanted.config ?? EXAMPLE;
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    fail(2, `${path} cannot be read (${sayError(error)}).`);
  });
  if (text === undefined) return;
  const source = readWorldSource(path, text, optionsOf(wanted));
  if (!source.ok) fail(1, source.problems);
  else await run(source, wanted);
}

function optionsOf({ webhooks }: WorldArguments) {
  if (webhooks === undefined) return {};
  return { webhooks: { sns: `${webhooks}/webhooks/sns`, pagerDuty: `${webhooks}/webhooks/pagerduty` } };
}

type Source = Extract<WorldSource, { ok: true }>;

async function run({ spec, configFor }: Source, wanted: WorldArguments): Promise<void> {
  const { startWholeWorld } = await import("./simulators/whole-world.ts");
  const { isJson, ports, seed, speed, stopsWithParent } = wanted;
  const whole = await startWholeWorld(asWanted(spec, wanted), {
    ports,
    ...(seed === undefined ? {} : { seed }),
    ...(speed === undefined ? {} : { speed }),
  });
  const directory = await mkdtemp(join(tmpdir(), "twokey-world-"));
  let isStopping = false;
  const stop = async () => {
    if (isStopping) return;
    isStopping = true;
    await whole.stop();
    await rm(directory, { recursive: true, force: true });
    process.stdin.destroy();
  };
  const stopOrSay = () => void stop().catch((error: unknown) => fail(1, sayError(error)));
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, stopOrSay);
  // A killed parent closes its end of the pipe: it leaves no world behind.
  if (stopsWithParent) process.stdin.on("error", stopOrSay).once("end", stopOrSay).resume();
  const env = await environmentOf(whole, directory, configFor);
  const { controlPort, ports: opened } = whole;
  process.stdout.write(isJson ? `${JSON.stringify({ env, controlPort, ports: opened })}\n` : exportsOf(env));
}

function asWanted(spec: Source["spec"], { latency, slackMinuteMs, writeSeconds }: WorldArguments): Source["spec"] {
  const { slackMs = spec.slack.latencyMs, pagerDutyMs = spec.pagerduty.latencyMs } = latency;
  const pagerduty = pagerDutyMs === undefined ? spec.pagerduty : { ...spec.pagerduty, latencyMs: pagerDutyMs };
  const { minuteMs } = spec.slack;
  const slack = { ...spec.slack, latencyMs: slackMs, minuteMs: slackMinuteMs ?? minuteMs };
  return { ...spec, slack, pagerduty, traffic: writingEvery(writeSeconds, spec.traffic) };
}

function writingEvery(intervalSeconds: number | undefined, traffic: Source["spec"]["traffic"]) {
  if (intervalSeconds === undefined) return traffic;
  const applications = traffic.applications.map((application) => ({
    ...application,
    writers: { ...application.writers, intervalSeconds },
    jobs: { intervalSeconds: application.jobs.intervalSeconds === 0 ? 0 : intervalSeconds },
  }));
  return { ...traffic, applications };
}

/** Writes what a bot in another process reads from files. */
async function environmentOf(
  { env, sns }: WholeWorld,
  directory: string,
  configFor: Source["configFor"],
): Promise<Record<string, string>> {
  const [snsCa, config] = [join(directory, "sns-ca.pem"), join(directory, "twokey.yaml")];
  await writeFile(snsCa, sns.caPem);
  if (!configFor) return sandboxEnvironment(env, { snsCa });
  await writeFile(config, configFor(env));
  return sandboxEnvironment(env, { snsCa, config });
}

function exportsOf(env: Readonly<Record<string, string>>): string {
  const lines = Object.entries(env)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'\n`);
  return `${lines.join("")}# The world runs until it is stopped with Ctrl-C.\n`;
}

function fail(exitCode: 1 | 2, why: string): undefined {
  process.stderr.write(`${why}\n`);
  process.exitCode = exitCode;
  return undefined;
}

function sayError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

await main().catch((error: unknown) => {
  fail(1, `The world did not start: ${sayError(error)}`);
  // A port that is taken may leave others open behind it.
  process.exit();
});
