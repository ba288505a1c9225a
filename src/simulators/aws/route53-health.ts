import { z } from "zod";
import { startTicker } from "../application/ticker.ts";
import type { Timer } from "../world/clock.ts";
import type { Random } from "../world/random.ts";
import type { World } from "../world/world.ts";
import { partitionOf } from "./arn.ts";
import { pageOf } from "./route53-paging.ts";
import { HealthCheckConfig, HealthCheckSettings, type HealthCheckSpec } from "./route53-spec.ts";
import { type AwsCall, AwsError, type AwsOperation, XmlList } from "./service.ts";

/** Fetches a path from outside every region: the HTTP status, or undefined where nobody answers in time. */
export type OutsideProbe = (host: string, path: string) => number | undefined;

export interface HealthChecks {
  readonly operations: Readonly<Record<string, AwsOperation>>;
  has(id: string): boolean;
  ids(): readonly string[];
  /** The status as routing uses it: inversion and disabling included. Undefined for an unknown id. */
  isHealthy(id: string): boolean | undefined;
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
  lastStatus: number | undefined;
  checkedMs: number;
  timer: Timer | undefined;
}

const CHECKER_REGIONS = ["us-east-1", "us-west-1", "us-west-2", "eu-west-1", "ap-southeast-1", "ap-northeast-1"];

const UpdateInput = HealthCheckSettings.extend({
  HealthCheckId: z.string(),
  HealthCheckVersion: z.coerce.number().int().optional(),
});

/** HTTP checks: the status flips after FailureThreshold contrary observations in a row, RequestInterval apart. */
export function createHealthChecks(world: World, specs: readonly HealthCheckSpec[], probe: OutsideProbe): HealthChecks {
  const checks = new Map<string, Check>();
  const open = (wanted: Wanted): Check => {
    const check = openCheck(world, wanted, probe);
    checks.set(check.id, check);
    return check;
  };
  const random = world.random.fork("route53-health-checks");
  for (const spec of specs) open(spec);
  return {
    has: (id) => checks.has(id),
    ids: () => [...checks.keys()],
    isHealthy: (id) => {
      const check = checks.get(id);
      return check && statusOf(check);
    },
    stop: () => {
      for (const check of checks.values()) check.timer?.cancel();
    },
    operations: operationsOn(checks, ({ input, region }) => {
      const { reference, config } = wantedCheck(input);
      const same = [...checks.values()].find((each) => each.reference === reference);
      if (same && JSON.stringify(same.begun) !== JSON.stringify(config)) throw alreadyExists(reference);
      const check = same ?? open({ id: newId(random), config, reference });
      if (!same) world.log.append("route53.health-check-created", { id: check.id });
      const Location = `https://route53.${domainOf(region)}/2013-04-01/healthcheck/${check.id}`;
      return { Location, HealthCheck: shown(check) };
    }),
  };
}

type Wanted = HealthCheckSpec & { readonly reference?: string };

function openCheck(world: World, { id, config, reference = id }: Wanted, probe: OutsideProbe): Check {
  const check: Check = {
    ...{ id, reference, begun: config, version: 1, config, isPassing: true, contrary: 0 },
    ...{ isObserved: false, lastStatus: undefined, checkedMs: world.clock.now(), timer: undefined },
  };
  check.timer = startTicker(world.clock, { intervalMs: config.RequestInterval * 1_000 }, () =>
    observe(world, check, probe),
  );
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
    GetHealthCheckStatus: { mutates: false, handle: (call) => observations(find(call.input["HealthCheckId"])) },
    ListHealthChecks: {
      mutates: false,
      handle: (call) => pageOf("HealthCheck", { all: [...checks.values()], shown }, call.input),
    },
    UpdateHealthCheck: {
      mutates: true,
      handle: (call) => ({ HealthCheck: shown(update(find(call.input["HealthCheckId"]), call)) }),
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

function observe(world: World, check: Check, probe: OutsideProbe): void {
  if (check.config.Disabled) return;
  check.lastStatus = probe(check.config.FullyQualifiedDomainName, check.config.ResourcePath);
  check.checkedMs = world.clock.now();
  check.isObserved = true;
  const isUp = isGood(check.lastStatus);
  check.contrary = isUp === check.isPassing ? 0 : check.contrary + 1;
  if (check.contrary < check.config.FailureThreshold) return;
  check.isPassing = isUp;
  check.contrary = 0;
  world.log.append("route53.health-check", {
    id: check.id,
    healthy: statusOf(check),
    status: check.lastStatus ?? null,
  });
}

function update(check: Check, call: AwsCall): Check {
  const parsed = UpdateInput.safeParse(call.input);
  if (!parsed.success) throw new AwsError("InvalidInput", z.prettifyError(parsed.error));
  const { HealthCheckVersion, HealthCheckId: _id, ...settings } = parsed.data;
  if (HealthCheckVersion !== undefined && HealthCheckVersion !== check.version) {
    throw new AwsError("HealthCheckVersionMismatch", "The specified version does not match the current version.", 409);
  }
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  check.config = { ...check.config, ...given };
  check.version += 1;
  return check;
}

function shown({ id, reference, config, version }: Check): Record<string, unknown> {
  return { Id: id, CallerReference: reference, HealthCheckConfig: { ...config }, HealthCheckVersion: version };
}

function observations({ lastStatus, isPassing, isObserved, checkedMs }: Check): Record<string, unknown> {
  const StatusReport = {
    Status: isObserved ? reportOf(lastStatus) : reportOf(isPassing ? 200 : undefined),
    CheckedTime: new Date(checkedMs).toISOString(),
  };
  const entries = CHECKER_REGIONS.map((Region, index) => ({ Region, IPAddress: `192.0.2.${index + 1}`, StatusReport }));
  return { HealthCheckObservations: new XmlList("HealthCheckObservation", entries) };
}

function reportOf(status: number | undefined): string {
  if (status === undefined) return "Failure: Connection timed out. The endpoint or the internet connection is down.";
  return `${isGood(status) ? "Success" : "Failure"}: HTTP Status Code ${status}${status === 200 ? ", OK" : ""}`;
}

function isGood(status: number | undefined): boolean {
  return status !== undefined && status >= 200 && status < 400;
}
