import { z } from "zod";
import { startTicker } from "../application/ticker.ts";
import type { Timer } from "../world/clock.ts";
import type { Random } from "../world/random.ts";
import type { World } from "../world/world.ts";
import { partitionOf } from "./arn.ts";
import { type AlarmStateOf, derivedHealth, type Elsewhere, isDerived } from "./route53-derived-health.ts";
import {
  type EndpointConfig,
  HealthCheckConfig,
  HealthCheckSettings,
  type HealthCheckSpec,
} from "./route53-health-spec.ts";
import { isGood, type OutsideProbe, observations, type Probed } from "./route53-observed.ts";
import { pageOf } from "./route53-paging.ts";
import { type AwsCall, AwsError, type AwsOperation, XmlList } from "./service.ts";

export interface HealthChecks {
  readonly operations: Readonly<Record<string, AwsOperation>>;
  has(id: string): boolean;
  ids(): readonly string[];
  /** The status as routing uses it: inversion and disabling included. Undefined for an unknown id. */
  isHealthy(id: string): boolean | undefined;
  /** Where the states of CloudWatch's alarms come from. */
  attach(alarmOf: AlarmStateOf): void;
  stop(): void;
}

interface Check {
  readonly id: string;
  readonly reference: string;
  /** What it was made with. */
  readonly begun: HealthCheckSpec["config"];
  version: number;
  config: HealthCheckSpec["config"];
  /** New checks count as passing until enough observations say otherwise. */
  isPassing: boolean;
  contrary: number;
  isObserved: boolean;
  last: Probed | undefined;
  checkedMs: number;
  timer: Timer | undefined;
}

const UpdateInput = HealthCheckSettings.extend({
  HealthCheckId: z.string(),
  HealthCheckVersion: z.coerce.number().int().optional(),
});

/** What checks are made from. */
interface Checked {
  readonly specs: readonly HealthCheckSpec[];
  readonly routingControlsOn: readonly string[];
}

/**
 * Of an endpoint the status flips after FailureThreshold contrary observations in a row, RequestInterval apart; every other kind is judged
 * every 10 s, and when a routing control is switched: `POST /route53/routing-control`.
 */
export function createHealthChecks(
  world: World,
  { specs, routingControlsOn }: Checked,
  probe: OutsideProbe,
): HealthChecks {
  const on = new Set(routingControlsOn);
  const opened = openAll(world, on, probe);
  const { checks, judgeAll } = opened;
  for (const spec of specs) opened.open(spec);
  judgeAll();
  world.control.on("POST /route53/routing-control", (body) => {
    const { arn, state } = Switching.parse(body);
    if (state === "On") on.add(arn);
    else on.delete(arn);
    world.log.append("route53.routing-control", { arn, state });
    judgeAll();
    return {};
  });
  const random = world.random.fork("route53-health-checks");
  return {
    attach: (alarmOf) => opened.attach(alarmOf),
    has: (id) => checks.has(id),
    ids: () => [...checks.keys()],
    isHealthy: opened.isHealthy,
    stop: () => {
      for (const check of checks.values()) check.timer?.cancel();
    },
    operations: operationsOn(checks, ({ input, region }) => {
      const { reference, config } = wantedCheck(input);
      refuseChildren(config, checks);
      const same = [...checks.values()].find((each) => each.reference === reference);
      if (same && JSON.stringify(same.begun) !== JSON.stringify(config)) throw alreadyExists(reference);
      const check = same ?? opened.open({ id: newId(random), config, reference });
      if (!same) {
        judgeAll();
        world.log.append("route53.health-check-created", { id: check.id });
      }
      const Location = `https://route53.${domainOf(region)}/2013-04-01/healthcheck/${check.id}`;
      return { Location, HealthCheck: shown(check) };
    }),
  };
}

interface Opened extends Pick<HealthChecks, "isHealthy" | "attach"> {
  readonly checks: ReadonlyMap<string, Check>;
  open(wanted: Wanted): Check;
  /** All that ask nobody from outside. */
  judgeAll(this: void): void;
}

function openAll(world: World, on: ReadonlySet<string>, probe: OutsideProbe): Opened {
  const checks = new Map<string, Check>();
  let alarmOf: AlarmStateOf = () => undefined;
  const isHealthy = (id: string) => {
    const check = checks.get(id);
    return check && statusOf(check);
  };
  const elsewhere: Elsewhere = {
    childOf: isHealthy,
    alarmOf: (region, name) => alarmOf(region, name),
    isOn: (arn) => on.has(arn),
  };
  const judgeAll = () => {
    // Calculated ones last: they count the others.
    const derived = [...checks.values()].filter(({ config }) => isDerived(config));
    for (const check of derived.toSorted((one, other) => rank(one) - rank(other))) judge(world, check, elsewhere);
  };
  return {
    ...{ checks, isHealthy, judgeAll },
    attach: (states) => {
      alarmOf = states;
      judgeAll();
    },
    open: (wanted) => {
      const check = openCheck(world, wanted, { probe, elsewhere });
      checks.set(check.id, check);
      return check;
    },
  };
}

type Wanted = HealthCheckSpec & { readonly reference?: string };

const Switching = z.strictObject({ arn: z.string(), state: z.enum(["On", "Off"]) });

const rank = ({ config }: Check): number => (config.Type === "CALCULATED" ? 1 : 0);

/** Calculated ones count no other calculated one. */
function refuseChildren(config: HealthCheckConfig, checks: ReadonlyMap<string, Check>): void {
  if (config.Type !== "CALCULATED") return;
  const wrong = config.ChildHealthChecks.find((id) => (checks.get(id)?.config.Type ?? "CALCULATED") === "CALCULATED");
  if (wrong !== undefined)
    throw new AwsError("InvalidInput", `${wrong} is no health check that a calculated one can count.`);
}

const JUDGED_EVERY_MS = 10_000;

interface Means {
  readonly probe: OutsideProbe;
  readonly elsewhere: Elsewhere;
}

function openCheck(world: World, { id, config, reference = id }: Wanted, { probe, elsewhere }: Means): Check {
  const check: Check = {
    ...{ id, reference, begun: config, version: 1, config, isPassing: true, contrary: 0 },
    ...{ isObserved: false, last: undefined, checkedMs: world.clock.now(), timer: undefined },
  };
  const intervalMs = isDerived(config) ? JUDGED_EVERY_MS : config.RequestInterval * 1_000;
  check.timer = startTicker(world.clock, { intervalMs }, () => {
    if (isDerived(check.config)) judge(world, check, elsewhere);
    else observe(world, check, { config: check.config, probe });
  });
  return check;
}

function operationsOn(
  checks: ReadonlyMap<string, Check>,
  create: AwsOperation["handle"],
): Readonly<Record<string, AwsOperation>> {
  const find = (id: unknown) => {
    const check = checks.get(String(id));
    if (!check) throw new AwsError("NoSuchHealthCheck", `No health check exists with the ID ${String(id)}`, 404);
    return check;
  };
  return {
    CreateHealthCheck: { mutates: true, handle: create },
    GetHealthCheck: {
      mutates: false,
      handle: (call) => ({ HealthCheck: shown(find(call.input["HealthCheckId"])) }),
    },
    GetHealthCheckStatus: { mutates: false, handle: (call) => observed(find(call.input["HealthCheckId"])) },
    ListHealthChecks: {
      mutates: false,
      handle: (call) => pageOf("HealthCheck", { all: [...checks.values()], shown }, call.input),
    },
    UpdateHealthCheck: {
      mutates: true,
      handle: (call) => ({ HealthCheck: shown(update(find(call.input["HealthCheckId"]), call, checks)) }),
    },
  };
}

const CreateInput = z.strictObject({ CallerReference: z.string().min(1).max(64), HealthCheckConfig });

function wantedCheck(input: unknown) {
  const parsed = CreateInput.safeParse(input);
  if (!parsed.success) throw new AwsError("InvalidInput", z.prettifyError(parsed.error));
  return { reference: parsed.data.CallerReference, config: parsed.data.HealthCheckConfig };
}

function alreadyExists(reference: string): AwsError {
  const why = `A health check was made with the caller reference ${reference} and other settings.`;
  return new AwsError("HealthCheckAlreadyExists", why, 409);
}

const newId = (random: Random): string => [8, 4, 4, 4, 12].map((length) => random.hex(length)).join("-");

const domainOf = (region: string): string => (partitionOf(region) === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com");

/** A disabled check counts as passing; inversion is applied to that too. */
function statusOf({ config, isPassing }: Check): boolean {
  return (config.Disabled || isPassing) !== config.Inverted;
}

interface Observing {
  readonly config: EndpointConfig;
  readonly probe: OutsideProbe;
}

function observe(world: World, check: Check, { config, probe }: Observing): void {
  if (config.Disabled) return;
  check.last = probe(config.FullyQualifiedDomainName, config.Type === "TCP" ? "/" : config.ResourcePath);
  check.checkedMs = world.clock.now();
  check.isObserved = true;
  const isUp = isGood(config, check.last);
  check.contrary = isUp === check.isPassing ? 0 : check.contrary + 1;
  if (check.contrary < config.FailureThreshold) return;
  check.contrary = 0;
  pass(world, check, isUp);
}

/** Not of an endpoint; a disabled one is judged no more. */
function judge(world: World, check: Check, elsewhere: Elsewhere): void {
  const { config, isPassing } = check;
  if (!isDerived(config) || config.Disabled) return;
  const isUp = derivedHealth(config, isPassing, elsewhere);
  if (isUp !== isPassing) pass(world, check, isUp);
}

function pass(world: World, check: Check, isUp: boolean): void {
  check.isPassing = isUp;
  const status = check.last?.status ?? null;
  world.log.append("route53.health-check", { id: check.id, healthy: statusOf(check), status });
}

function update(check: Check, call: AwsCall, checks: ReadonlyMap<string, Check>): Check {
  const parsed = UpdateInput.safeParse(call.input);
  if (!parsed.success) throw new AwsError("InvalidInput", z.prettifyError(parsed.error));
  const { HealthCheckVersion, HealthCheckId: _id, ...settings } = parsed.data;
  if (HealthCheckVersion !== undefined && HealthCheckVersion !== check.version) {
    throw new AwsError("HealthCheckVersionMismatch", "The specified version does not match the current version.", 409);
  }
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  const changed = HealthCheckConfig.safeParse({ ...check.config, ...given });
  if (!changed.success) throw new AwsError("InvalidInput", z.prettifyError(changed.error));
  refuseChildren(changed.data, checks);
  check.config = changed.data;
  check.version += 1;
  return check;
}

function shown({ id, reference, config, version }: Check): Record<string, unknown> {
  const children = config.Type === "CALCULATED" && {
    ChildHealthChecks: new XmlList("ChildHealthCheck", config.ChildHealthChecks),
  };
  const HealthCheckConfig = { ...config, ...children };
  return { Id: id, CallerReference: reference, HealthCheckConfig, HealthCheckVersion: version };
}

function observed({ config, ...check }: Check): Record<string, unknown> {
  if (isDerived(config))
    throw new AwsError("InvalidInput", `No checker observes ${check.id}: its type is ${config.Type}.`);
  return observations({ ...check, config });
}
