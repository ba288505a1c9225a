import { z } from "zod";
import type { Directory } from "./directory.ts";
import type { Agent, Incident } from "./incident.ts";
import { addNote, openIncident } from "./incident-life.ts";
import { incidentJson, logEntryJson, noteJson, responderRequestJson } from "./render.ts";
import { requestResponders } from "./responders.ts";
import {
  incidentOf,
  invalidInput,
  listParameter,
  notFound,
  page,
  parseBody,
  type RestAnswer,
  type RestCall,
  RestError,
  type RestRoute,
  requester,
} from "./rest-call.ts";
import {
  Assignments,
  change,
  IncidentChange,
  PolicyReference,
  PriorityReference,
  userIds,
} from "./rest-incident-change.ts";

const MOST_NOTES = 2_000;
const MOST_CHANGES = 250;

const CreateIncident = z.strictObject({
  incident: z.strictObject({
    type: z.enum(["incident", "incident_reference"]),
    title: z.string().min(1),
    service: z.strictObject({ id: z.string(), type: z.enum(["service", "service_reference"]) }),
    urgency: z.enum(["high", "low"]).optional(),
    body: z.strictObject({ type: z.literal("incident_body"), details: z.string() }).optional(),
    incident_key: z.string().min(1).max(255).optional(),
    assignments: Assignments.optional(),
    escalation_policy: PolicyReference.optional(),
    priority: PriorityReference.optional(),
  }),
});

function create(directory: Directory, call: RestCall): RestAnswer {
  const user = requester(directory, call);
  const wanted = parseBody(CreateIncident, call.body).incident;
  const service = directory.service(wanted.service.id);
  if (!service) throw new RestError({ status: 404, code: 5002, message: "Service Not Found" });
  const policy = directory.policy(wanted.escalation_policy?.id ?? service.escalationPolicy);
  if (!policy) throw new RestError({ status: 400, code: 1014, message: "Escalation Policy Not Found" });
  const key = wanted.incident_key;
  const isTaken = directory.openIncident((open) => open.service.id === service.id && open.incidentKey === key);
  if (key !== undefined && isTaken) {
    const why = "Open incident with matching dedup key already exists on this service";
    throw new RestError({ status: 400, code: 2002, message: "Arguments Caused Error", errors: [why] });
  }
  if (wanted.assignments === undefined && directory.onCall(policy).length === 0) {
    throw new RestError({ status: 400, code: 1015, message: "Escalation Policy Has No User On Call" });
  }
  const incident = openIncident(directory, {
    title: wanted.title,
    service,
    policy,
    urgency: wanted.urgency ?? (service.urgency === "low" ? "low" : "high"),
    incidentKey: key ?? directory.newId("").toLowerCase(),
    agent: { kind: "user", userId: user.id },
    details: wanted.body?.details,
    assignees: wanted.assignments === undefined ? undefined : userIds(directory, wanted.assignments),
    priority: directory.account.priorities.find((priority) => priority.id === wanted.priority?.id),
  });
  return { status: 201, body: { incident: incidentJson(directory, incident) } };
}

const SORTS: Readonly<Record<string, (a: Incident, b: Incident) => number>> = {
  "created_at:asc": (a, b) => a.number - b.number,
  "created_at:desc": (a, b) => b.number - a.number,
  "incident_number:asc": (a, b) => a.number - b.number,
  "incident_number:desc": (a, b) => b.number - a.number,
};

function list(directory: Directory, call: RestCall): RestAnswer {
  const statuses = listParameter(call, "statuses");
  const services = listParameter(call, "service_ids");
  const urgencies = listParameter(call, "urgencies");
  const key = call.query.get("incident_key");
  const sort = SORTS[call.query.get("sort_by") ?? "created_at:asc"];
  if (!sort) throw invalidInput("Invalid sort_by");
  const unknown = statuses.filter((status) => !["triggered", "acknowledged", "resolved"].includes(status));
  if (unknown.length > 0) throw new RestError({ status: 400, code: 1003, message: "Invalid Status Provided" });
  const isWanted = (incident: Incident) =>
    (key === null || incident.incidentKey === key) &&
    (statuses.length === 0 || statuses.includes(incident.status)) &&
    (services.length === 0 || services.includes(incident.service.id)) &&
    (urgencies.length === 0 || urgencies.includes(incident.urgency));
  const rows = directory.incidents.filter(isWanted).sort(sort);
  return page(call, "incidents", { rows, render: (incident) => incidentJson(directory, incident) });
}

function update(directory: Directory, call: RestCall): RestAnswer {
  const agent: Agent = { kind: "user", userId: requester(directory, call).id };
  const wanted = parseBody(z.strictObject({ incident: IncidentChange }), call.body).incident;
  const incident = incidentOf(directory, call);
  change(directory, incident, { wanted, agent });
  return { status: 200, body: { incident: incidentJson(directory, incident) } };
}

const ManyChanges = z.strictObject({
  incidents: z.array(IncidentChange.safeExtend({ id: z.string() })).min(1),
});

function updateMany(directory: Directory, call: RestCall): RestAnswer {
  const agent: Agent = { kind: "user", userId: requester(directory, call).id };
  const { incidents } = parseBody(ManyChanges, call.body);
  if (incidents.length > MOST_CHANGES)
    throw new RestError({ status: 413, code: 2001, message: `At most ${MOST_CHANGES} incidents at once` });
  const changed = incidents.map(({ id, ...wanted }) => {
    const incident = directory.incident(id);
    if (!incident) throw notFound();
    change(directory, incident, { wanted, agent });
    return incidentJson(directory, incident);
  });
  return { status: 200, body: { incidents: changed } };
}

const CreateNote = z.strictObject({ note: z.strictObject({ content: z.string().min(1) }) });

function createNote(directory: Directory, call: RestCall): RestAnswer {
  const user = requester(directory, call);
  const { note } = parseBody(CreateNote, call.body);
  const incident = incidentOf(directory, call);
  if (incident.notes.length >= MOST_NOTES)
    throw new RestError({ status: 400, code: 5002, message: "Simple Log Entry Limit Reached" });
  return {
    status: 200,
    body: { note: noteJson(directory, addNote(directory, incident, { userId: user.id, content: note.content })) },
  };
}

const CreateCallRequest = z.strictObject({
  requester_id: z.string(),
  message: z.string().min(1),
  responder_request_targets: z
    .array(
      z.strictObject({
        responder_request_target: z.strictObject({
          id: z.string(),
          type: z.enum(["user_reference", "escalation_policy_reference", "user", "escalation_policy"]),
        }),
      }),
    )
    .min(1),
});

function createCallRequest(directory: Directory, call: RestCall): RestAnswer {
  requester(directory, call);
  if (!directory.account.abilities.includes("coordinated_responding")) {
    throw new RestError({
      status: 402,
      code: 2014,
      message: "Missing Account Ability",
      errors: ["coordinated_responding"],
    });
  }
  const wanted = parseBody(CreateCallRequest, call.body);
  const incident = incidentOf(directory, call);
  if (incident.status === "resolved")
    throw new RestError({ status: 400, code: 1001, message: "Incident Already Resolved" });
  if (!directory.user(wanted.requester_id)) throw new RestError({ status: 400, code: 2013, message: "User not found" });
  const targets = wanted.responder_request_targets.map(({ responder_request_target: target }) => ({
    id: target.id,
    kind: target.type.startsWith("user") ? ("user" as const) : ("escalation_policy" as const),
  }));
  for (const { kind, id } of targets) {
    if (kind === "user" && !directory.user(id))
      throw new RestError({ status: 400, code: 2013, message: "User not found" });
    if (kind === "escalation_policy" && !directory.policy(id)) {
      throw new RestError({ status: 400, code: 1014, message: "Escalation Policy Not Found" });
    }
  }
  const request = { requesterId: wanted.requester_id, message: wanted.message, atMs: directory.nowMs, targets };
  requestResponders(directory, incident, request);
  return { status: 200, body: { responder_request: responderRequestJson(directory, incident, request) } };
}

const get = (directory: Directory, call: RestCall): RestAnswer => ({
  status: 200,
  body: { incident: incidentJson(directory, incidentOf(directory, call)) },
});

/** PagerDuty gives the newest entry first. */
function listEntries(directory: Directory, call: RestCall): RestAnswer {
  const incident = incidentOf(directory, call);
  const newestFirst = incident.entries.toReversed();
  return page(call, "log_entries", { rows: newestFirst, render: (entry) => logEntryJson(directory, incident, entry) });
}

const listNotes = (directory: Directory, call: RestCall): RestAnswer => ({
  status: 200,
  body: { notes: incidentOf(directory, call).notes.map((note) => noteJson(directory, note)) },
});

export const INCIDENT_ROUTES: readonly RestRoute[] = [
  { operation: "incidents.list", method: "GET", pattern: "/incidents", handle: list },
  { operation: "incidents.create", method: "POST", pattern: "/incidents", handle: create },
  { operation: "incidents.update-many", method: "PUT", pattern: "/incidents", handle: updateMany },
  { operation: "incidents.get", method: "GET", pattern: "/incidents/:id", handle: get },
  { operation: "incidents.update", method: "PUT", pattern: "/incidents/:id", handle: update },
  { operation: "notes.list", method: "GET", pattern: "/incidents/:id/notes", handle: listNotes },
  { operation: "notes.create", method: "POST", pattern: "/incidents/:id/notes", handle: createNote },
  { operation: "log-entries.list", method: "GET", pattern: "/incidents/:id/log_entries", handle: listEntries },
  {
    operation: "responder-requests.create",
    method: "POST",
    pattern: "/incidents/:id/responder_requests",
    handle: createCallRequest,
  },
];
