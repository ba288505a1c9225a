import { z } from "zod";
import { startTicker } from "../application/ticker.ts";
import type { Timer } from "../world/clock.ts";
import type { World } from "../world/world.ts";
import { pageOf } from "./route53-paging.ts";
import { HealthCheckSettings, type HealthCheckSpec } from "./route53-spec.ts";
import { type AwsCall, AwsError, type AwsOperation, XmlList } from "./service.ts";

/** Fetches a path from outside every region: the HTTP status, or undefined where nobody answers in time. */
export type OutsideProbe = (host: string, path: string) => number | undefined;

export interface HealthChecks {
  readonly operations: Readonly<Record<string, AwsOperation>>;
  has(id: string): boolean;
  /** The status as routing uses it: inversion and disabling included. Undefined for an unknown id. */
  isHealthy(id: string): boolean | undefined;
  stop(): void;
}

interface Check {
  readonly id: string;
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
  for (const { id, config } of specs) {
    const check: Check = {
      ...{ id, version: 1, config, isPassing: true, contrary: 0, isObserved: false, lastStatus: undefined },
      ...{ checkedMs: world.clock.now(), timer: undefined },
    };
    check.timer = startTicker(world.clock, { intervalMs: config.RequestInterval * 1_000 }, () =>
      observe(world, check, probe),
    );
    checks.set(id, check);
  }
  const find = (id: unknown) => {
    const check = checks.get(String(id));
    if (!check) throw new AwsError("NoSuchHealthCheck", `No health check exists with the ID ${String(id)}`, 404);
    return check;
  };
  return {
    has: (id) => checks.has(id),
    isHealthy: (id) => {
      const check = checks.get(id);
      return check && statusOf(check);
    },
    stop: () => {
      for (const check of checks.values()) check.timer?.cancel();
    },
    operations: {
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
    },
  };
}

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

function shown({ id, config, version }: Check): Record<string, unknown> {
  return { Id: id, CallerReference: id, HealthCheckConfig: { ...config }, HealthCheckVersion: version };
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
