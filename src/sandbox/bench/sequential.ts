import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { readEnvironment, type SandboxEndpoints } from "../../config/environment.ts";
import { loadFile } from "../../config/load.ts";
import { Bug, OutcomeUnknown, TransientError } from "../../domain/errors.ts";
import type { Plan, PlannedStep } from "../../domain/plan-run/plan.ts";
import type { Inventory } from "../../domain/service/inventory.ts";
import { ROUTE53_CONTROL_PLANE, type Service } from "../../domain/service/service.ts";
import { STEPS } from "../../flows/index.ts";
import { observe } from "../../flows/observe.ts";
import { LOOK_ACTIONS } from "../../flows/resources/looks.ts";
import { planFailover } from "../../flows/runbooks/failover/plan.ts";
import { createAws } from "../../integrations/aws/aws.ts";
import { databaseSessions } from "../../integrations/databases/sessions.ts";
import { createProbe } from "../../integrations/network/probe.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Guard } from "../../ports/guard.ts";
import { read } from "../../ports/handed-on.ts";
import { forLooks } from "../../ports/signals.ts";
import type { Cloud, StepContext } from "../../ports/step.ts";
import { firstTarget } from "../first-target.ts";
import type { WorldClient } from "../world-client.ts";

/**
 * World seconds between two looks: those of the AWS CLI's waiters. `rds wait db-instance-available` and
 * `route53 wait resource-record-sets-changed` look every 30, `ecs wait services-stable` and
 * `elbv2 wait target-in-service` every 15.
 */
const SLOW_WAITER_SECONDS = 30;
const WAITER_SECONDS = 15;
const waitsLonger = (step: PlannedStep): boolean => step.role === "commits" || changesNames(step);
/** With a way back: Route 53's region may be one of the service's too, and has steps there that change no names. */
const changesNames = ({ controlPlane, wayBack, role }: PlannedStep): boolean =>
  controlPlane === ROUTE53_CONTROL_PLANE && wayBack === "undo" && role !== "protects";
/** World time after which a step that does not get there ends the measurement. */
const STEP_WITHIN_MS = 45 * 60_000;

/**
 * The failover as a careful shell script does it: the steps of the runbook one after another, each waited for with the
 * waiter of the CLI, over the real SDK. What known scripts get wrong is corrected in it, so that it is slow and not
 * faulty: it waits until the replica has left its source, not until it is `available` (it was that before); it lets
 * records come in sync and old answers run out; it scales out before users are moved. Resolves to world milliseconds
 * from the first step to the end of the last.
 */
export async function failOverSequentially(
  world: WorldClient,
  environment: Readonly<Record<string, string>>,
): Promise<number> {
  const { inventory, sandbox } = await readSandbox(environment);
  const clock = await clockOf(world);
  const aws = createAws({
    stsRegion: inventory.file.aws.sts,
    clock,
    looks: LOOK_ACTIONS,
    endpoint: sandbox.awsEndpointUrl,
    credentials: {
      accessKeyId: environment["AWS_ACCESS_KEY_ID"] ?? "",
      secretAccessKey: environment["AWS_SECRET_ACCESS_KEY"] ?? "",
    },
  });
  try {
    const sessions = databaseSessions({ passwords: {}, connect: sandbox.connectMap, now: () => clock.now() });
    const acting = aws.guardedBy(ASKS_NOBODY, []);
    const cloud: Cloud = { ...acting, clock, sessions, probe: probeOf(sandbox), through: () => cloud };
    const service = firstOf(inventory);
    await world.setRegion(service.home, "dark");
    const plan = await planOf(inventory, service, cloud);
    const beganMs = clock.now();
    await walk(plan, cloud);
    return clock.now() - beganMs;
  } finally {
    aws.close();
  }
}

/** A script in the hands of one person. */
const ASKS_NOBODY: Guard = { prove: async () => ({ holds: () => true }) };

async function walk(plan: Plan, cloud: Cloud): Promise<void> {
  const outputs = new Map<string, Readonly<Record<string, unknown>>>();
  const context: StepContext = {
    cloud,
    signal: forLooks(new AbortController().signal),
    hold: { run: plan.id, epoch: 1 },
    tries: 1,
    mayHaveAsked: false,
    outputOf: (id, { output }) => (outputs.has(id) ? read(output, outputs.get(id), id) : undefined),
  };
  // What nothing waits for comes last.
  const isLast = ({ does }: PlannedStep) => STEPS[does]?.leftToPeople !== undefined;
  const steps = [...plan.steps.filter((step) => !isLast(step)), ...plan.steps.filter(isLast)];
  for (const step of steps) outputs.set(step.id, await takeStep(step, context));
}

async function takeStep(step: PlannedStep, context: StepContext): Promise<Readonly<Record<string, unknown>>> {
  const definition = STEPS[step.does];
  if (!definition) throw new Bug("step-unknown", `No step is called ${step.does}`);
  const { clock } = context.cloud;
  const deadlineMs = clock.now() + STEP_WITHIN_MS;
  const pauseMs = (waitsLonger(step) ? SLOW_WAITER_SECONDS : WAITER_SECONDS) * 1_000;
  let data: Record<string, unknown> | undefined;
  for (;;) {
    try {
      data ??= (await definition.run(step.input, context)).data;
      const verdict = await definition.verify(step.input, data, context);
      if (verdict.done) return verdict.output;
      if (verdict.nextPart) data = undefined;
    } catch (error) {
      if (!(error instanceof TransientError || error instanceof OutcomeUnknown)) throw error;
    }
    if (clock.now() > deadlineMs)
      throw new Bug("script-stuck", `The sequential script did not get past: ${step.title}`);
    await clock.sleep(pauseMs);
  }
}

function firstOf({ services: [service] }: Inventory): Service {
  if (!service) throw new Bug("nothing-protected", "The file protects no service");
  return service;
}

async function planOf(inventory: Inventory, service: Service, cloud: Cloud): Promise<Plan> {
  const planned = planFailover({
    ...{ id: "sequential", service, to: firstTarget(service), mode: "unplanned", reason: "the home region is dark" },
    ...{ requester: "the script", incident: undefined, inventory, nowMs: cloud.clock.now() },
    observed: await observe(service, cloud, { isForPlan: true }),
  });
  if (planned.kind === "refused") throw new Bug("script-refused", planned.reasons.join(" "));
  return planned.plan;
}

async function readSandbox(
  environment: Readonly<Record<string, string>>,
): Promise<{ inventory: Inventory; sandbox: SandboxEndpoints }> {
  const path = environment["TWOKEY_CONFIG"] ?? "";
  const loaded = loadFile(path, await readFile(path, "utf8"));
  // The script has no Redis and no ledger; the names only have to be there.
  const read = readEnvironment({
    ...environment,
    REDIS_URL: "redis://127.0.0.1:6379",
    TWOKEY_LEDGER_DIR: "none",
    TWOKEY_LEDGER_KEY: "x".repeat(40),
  });
  const sandbox = read.ok ? read.settings.sandbox : undefined;
  if (!loaded.ok || !sandbox) throw new Bug("script-lost", "The world did not say how it is reached");
  return { inventory: loaded.inventory, sandbox };
}

function probeOf({ dnsServers, nameServers, connectMap }: SandboxEndpoints) {
  const address = ({ host, port }: { host: string; port: number }) => `${host}:${port}`;
  return createProbe({
    dnsServers: dnsServers.map(address),
    authoritativeServers: nameServers.map(address),
    connect: connectMap,
  });
}

async function clockOf(world: WorldClient): Promise<Clock> {
  const { worldMs, machineMs, speed } = await world.anchor();
  return {
    speed,
    now: () => worldMs + (Date.now() - machineMs) * speed,
    sleep: async (ms, signal) => {
      await sleep(ms / speed, undefined, signal ? { signal } : {});
    },
  };
}
