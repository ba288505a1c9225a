import type { Directory } from "./directory.ts";
import { addEntry, emit, notifyByRules } from "./escalation.ts";
import type { Agent, CallRequest, Incident } from "./incident.ts";
import { responderWebhookJson } from "./webhook-payloads.ts";

/** Asks people, or those first on call for a policy, to join. Their phones ring until they answer. */
export function requestResponders(directory: Directory, incident: Incident, request: CallRequest): void {
  incident.requests.push(request);
  directory.world.log.append("pagerduty.responders-requested", {
    incident: incident.id,
    incidentKey: incident.incidentKey,
    targets: request.targets.map((target) => target.id),
    message: request.message,
  });
  const users = request.targets.flatMap((target) => {
    if (target.kind === "user") return [target.id];
    const policy = directory.policy(target.id);
    const onCall = policy === undefined ? [] : directory.onCall(policy);
    return onCall.filter((row) => row.level === onCall[0]?.level).map((row) => row.userId);
  });
  for (const userId of new Set(users)) askResponder(directory, incident, { userId, request });
}

function askResponder(
  directory: Directory,
  incident: Incident,
  { userId, request }: { readonly userId: string; readonly request: CallRequest },
): void {
  const { requesterId, message, atMs } = request;
  const agent: Agent = { kind: "user", userId: requesterId };
  const responder = { userId, requesterId, message, atMs, state: "pending" as const };
  incident.responders.push(responder);
  addEntry(directory, incident, {
    type: "responder_request_for_escalation_log_entry",
    agent,
    summary: `Asked ${directory.userName(userId)} to respond`,
    channel: { type: "api", message },
    userId,
  });
  emit(directory, incident, {
    eventType: "incident.responder.added",
    agent,
    data: responderWebhookJson(directory, incident, responder),
  });
  notifyByRules(directory, incident, { userId, reason: "responder-request" });
}

export function answerRequest(
  directory: Directory,
  incident: Incident,
  { userId, answer }: { readonly userId: string; readonly answer: "accepted" | "declined" },
): void {
  const responder = incident.responders.find((asked) => asked.userId === userId && asked.state === "pending");
  if (!responder || incident.status === "resolved") return;
  responder.state = answer;
  const agent: Agent = { kind: "user", userId };
  const type = answer === "accepted" ? "responder_accept_log_entry" : "responder_decline_log_entry";
  addEntry(directory, incident, { type, agent, summary: `Responder request ${answer}`, userId });
  directory.world.log.append("pagerduty.responder-replied", { incident: incident.id, user: userId, answer });
  emit(directory, incident, {
    eventType: "incident.responder.replied",
    agent,
    data: responderWebhookJson(directory, incident, responder),
  });
}
