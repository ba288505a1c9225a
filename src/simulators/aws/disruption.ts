import type { World } from "../world/world.ts";
import { type AwsCall, AwsError, type AwsService } from "./service.ts";

/** What goes wrong with one call. `before`: nothing happens; `after`: it happens, but the answer never arrives. */
export interface Disruption {
  readonly before?: "hang" | "cut";
  readonly refusal?: AwsError;
  readonly retryAfterSeconds?: number;
  readonly after?: "hang" | "cut";
  /** Extra machine milliseconds. */
  readonly delayMs?: number;
}

/** The state of the control plane's region decides first; only calls that it lets through take a planned fault. */
export function disruptionOf(world: World, service: AwsService, call: AwsCall): Disruption {
  switch (controlPlane(world, service, call)) {
    case "dark":
      return { before: "hang" };
    case "refusing":
      return { before: "cut" };
    case "throttled":
      return { refusal: throttle(service) };
    case "control-plane-down":
      return { refusal: unavailable(service) };
    case "slow":
      return { delayMs: world.regions.slowMs, ...plannedFault(world, call) };
    case "up":
      return plannedFault(world, call);
  }
}

/** True where the answer of a call that was let through is lost because the control plane went away meanwhile. */
export function losesAnswer(world: World, service: AwsService, call: AwsCall): boolean {
  const mode = controlPlane(world, service, call);
  return mode === "dark" || mode === "refusing";
}

function controlPlane(world: World, { name, controlPlaneRegion }: AwsService, { region }: AwsCall) {
  return world.regions.planeMode({ region: controlPlaneRegion ?? region, service: name });
}

function plannedFault(world: World, call: AwsCall): Disruption {
  const fault = world.faults.take("aws", call.operation, call);
  switch (fault?.kind) {
    case undefined:
      return {};
    case "drop-before":
      return { before: "cut" };
    case "hang":
      return { before: "hang" };
    case "drop-after":
      return { after: "cut" };
    case "hang-after":
      return { after: "hang" };
    case "delay":
      return { delayMs: fault.machineMs };
    case "error":
      return {
        refusal: new AwsError(fault.code, fault.message, fault.status),
        ...(fault.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: fault.retryAfterSeconds }),
      };
  }
}

/** The throttling error of each protocol family, as the SDK's retry strategy knows it. */
function throttle(service: AwsService): AwsError {
  switch (service.protocol) {
    case "ec2":
      return new AwsError("RequestLimitExceeded", "Request limit exceeded.", 503);
    case "json-1.1":
      return new AwsError("ThrottlingException", "Rate exceeded");
    case "json-1.0":
    case "query":
    case "rest-xml":
    case "rest-json":
      return new AwsError("Throttling", "Rate exceeded");
  }
}

function unavailable(service: AwsService): AwsError {
  switch (service.protocol) {
    case "ec2":
      return new AwsError("Unavailable", "The server is overloaded and can't handle the request.", 503);
    case "json-1.1":
      return new AwsError("ServiceUnavailableException", "Service unavailable", 503);
    case "json-1.0":
    case "query":
    case "rest-xml":
    case "rest-json":
      return new AwsError("ServiceUnavailable", "Service unavailable", 503);
  }
}
