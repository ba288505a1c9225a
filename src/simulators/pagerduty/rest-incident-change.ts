import { z } from "zod";
import type { Directory } from "./directory.ts";
import type { Agent, Incident } from "./incident.ts";
import { acknowledge, delegate, escalateTo, prioritise, reassign, resolve, unacknowledge } from "./incident-life.ts";
import { invalidInput, RestError } from "./rest-call.ts";

export const Assignments = z
  .array(z.strictObject({ assignee: z.strictObject({ id: z.string(), type: z.enum(["user", "user_reference"]) }) }))
  .min(1);

export const PolicyReference = z.strictObject({
  id: z.string(),
  type: z.enum(["escalation_policy", "escalation_policy_reference"]),
});

export const PriorityReference = z.strictObject({ id: z.string(), type: z.enum(["priority", "priority_reference"]) });

/** What `PUT /incidents/{id}` may carry. `status` takes the three states only: `acknowledge` is refused. */
export const IncidentChange = z.strictObject({
  type: z.enum(["incident", "incident_reference"]),
  status: z.string().optional(),
  title: z.string().min(1).optional(),
  urgency: z.enum(["high", "low"]).optional(),
  escalation_level: z.number().int().positive().optional(),
  assignments: Assignments.optional(),
  escalation_policy: PolicyReference.optional(),
  priority: PriorityReference.nullable().optional(),
  resolution: z.string().optional(),
});
export type IncidentChange = z.infer<typeof IncidentChange>;

export function userIds(directory: Directory, assignments: z.infer<typeof Assignments>): string[] {
  const ids = assignments.map(({ assignee }) => assignee.id);
  if (ids.some((id) => !directory.user(id)))
    throw new RestError({ status: 400, code: 1007, message: "Assigned To User Not Found" });
  return ids;
}

/** Applies one change or none of it: everything that can be wrong is looked at first. */
export function change(
  directory: Directory,
  incident: Incident,
  { wanted, agent }: { readonly wanted: IncidentChange; readonly agent: Agent },
): void {
  const { escalation_level: level, escalation_policy: policyReference, assignments } = wanted;
  if (incident.status === "resolved")
    throw new RestError({ status: 400, code: 1001, message: "Incident Already Resolved" });
  if ([level, policyReference, assignments].filter((part) => part !== undefined).length > 1) {
    throw invalidInput("Only one of escalation_level, escalation_policy and assignments may be given");
  }
  if (level !== undefined && level > incident.policy.rules.length)
    throw new RestError({ status: 400, code: 1006, message: "Cannot Escalate" });
  const users = assignments === undefined ? undefined : userIds(directory, assignments);
  const policy = policyReference === undefined ? undefined : directory.policy(policyReference.id);
  if (policyReference !== undefined && !policy)
    throw new RestError({ status: 400, code: 1014, message: "Escalation Policy Not Found" });
  const priority = priorityOf(directory, wanted);
  const applyStatus = statusChange(directory, incident, { status: wanted.status, agent });

  if (wanted.urgency !== undefined) incident.urgency = wanted.urgency;
  if (priority !== undefined) prioritise(directory, incident, { priority: priority ?? undefined, agent });
  if (level !== undefined) escalateTo(directory, incident, { level, agent });
  if (policy !== undefined) delegate(directory, incident, { policy, agent });
  if (users !== undefined) reassign(directory, incident, { users, agent });
  applyStatus();
}

function priorityOf(directory: Directory, wanted: IncidentChange): Incident["priority"] | null {
  if (wanted.priority === undefined) return undefined;
  if (wanted.priority === null) return null;
  const { id } = wanted.priority;
  const known = directory.account.priorities.find((priority) => priority.id === id);
  if (!known) throw new RestError({ status: 400, code: 1020, message: "Invalid Priority" });
  return known;
}

function statusChange(
  directory: Directory,
  incident: Incident,
  { status, agent }: { readonly status: string | undefined; readonly agent: Agent },
): () => void {
  switch (status) {
    case undefined:
      return () => {};
    case "acknowledged":
      if (incident.status === "acknowledged")
        throw new RestError({ status: 400, code: 1002, message: "Incident Already Acknowledged" });
      return () => acknowledge(directory, incident, { agent, via: "api" });
    case "resolved":
      return () => resolve(directory, incident, { agent, via: "api" });
    case "triggered":
      if (incident.status !== "acknowledged")
        throw new RestError({ status: 400, code: 1012, message: "Incident is not Acknowledged" });
      return () => unacknowledge(directory, incident, { agent, via: "api" });
    default:
      throw new RestError({ status: 400, code: 1003, message: "Invalid Status Provided" });
  }
}
