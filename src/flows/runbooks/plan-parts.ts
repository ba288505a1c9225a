import type { Plan, PlannedStep } from "../../domain/plan-run/plan.ts";
import type { Observation } from "../../domain/service/observation.ts";
import type { Known } from "../../domain/service/observed.ts";
import { type Resource, rolesOf } from "../../domain/service/resource.ts";
import type { Region } from "../../domain/service/service.ts";
import type { Place } from "../resources/place.ts";
import type { PlanRequest } from "./runbook.ts";

type Common =
  | "id"
  | "service"
  | "reason"
  | "requester"
  | "incident"
  | "madeAtMs"
  | "startByMs"
  | "inventoryDigest"
  | "rtoMs"
  | "rpoMs";

/** What stands in every plan, whatever runbook makes it. */
export function commonOf({ id, service, inventory, nowMs, ...request }: PlanRequest): Pick<Plan, Common> {
  return {
    id,
    service: service.name,
    reason: request.reason,
    requester: request.requester,
    ...(request.incident === undefined ? {} : { incident: request.incident }),
    madeAtMs: nowMs,
    startByMs: nowMs + inventory.file.approvals.start_within,
    inventoryDigest: inventory.digest,
    rtoMs: service.rto,
    rpoMs: service.rpo,
  };
}

/** What stands in a step about one resource. */
export function aboutResource({ id, resource }: Place<Resource>): Pick<PlannedStep, "resource" | "roles"> {
  const roles = rolesOf(resource);
  return { resource: id, ...(roles ? { roles } : {}) };
}

/** A fact for the plan's card, with its age; nothing where it was not seen. */
export const seenAt = (what: string, known: Known<unknown> | undefined): NonNullable<Plan["facts"]> =>
  known?.known ? [{ what, atMs: known.atMs }] : [];

/** All that was seen of one resource in a region, each with its age. */
export const seenIn = (
  { resources }: Pick<Observation, "resources">,
  id: string,
  region: Region,
): NonNullable<Plan["facts"]> =>
  (resources[id]?.in[region]?.facts ?? []).flatMap(({ what, seen }) => seenAt(`${what} of ${region}`, seen));
