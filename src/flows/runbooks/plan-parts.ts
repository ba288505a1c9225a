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

/** Why there can be no plan while nobody can say which database is the writer, with what is known of a side that a run left. */
export function writerUnknown({ service, observed }: Pick<PlanRequest, "service" | "observed">, why: string): string {
  const { moved } = observed;
  const wayOut =
    moved?.kind === "unproven"
      ? `Settle by hand which side counts. ${buildAgain(moved.left)}`
      : "Settle that by hand first.";
  return `Nobody can say which database of ${service.name} is the writer: ${why}. ${wayOut}`;
}

/** There is no runbook for it: people do it, and the commands stand in the document. */
export const buildAgain = (region: Region): string =>
  `To have a standby in ${region} again, build its databases as read replicas by hand: docs/operations.md, “Build the old side again”.`;
