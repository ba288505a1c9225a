import { z } from "zod";
import type { Directory } from "./directory.ts";
import { AUTOMATION, type Incident } from "./incident.ts";
import { acknowledge, resolve } from "./incident-life.ts";
import { incidentJson } from "./render.ts";
import { answerRequest } from "./responders.ts";
import type { PagerDutyServer } from "./server.ts";
import { Shift } from "./spec.ts";
import type { Subscription } from "./webhooks.ts";

const Which = { incidentId: z.string().optional(), incidentKey: z.string().optional() };
const Acknowledge = z.strictObject({ ...Which, userId: z.string() });
const Resolve = z.strictObject({ ...Which, userId: z.string().optional() });
const Respond = z.strictObject({ ...Which, userId: z.string(), answer: z.enum(["accepted", "declined"]) });
const SetMode = z.strictObject({
  mode: z.enum(["normal", "accept-and-silence", "reject", "429-without-headers", "html-502"]),
  /** What becomes of the events held so far once the vendor is no longer silent. */
  held: z.enum(["deliver", "drop"]).default("deliver"),
});
const SetShifts = z.strictObject({ scheduleId: z.string(), shifts: z.array(Shift) });
/** Somebody takes a token or key out of the account, or puts it back; or replaces the token, and the keys of every service. */
const SetSecrets = z.strictObject({
  newApiToken: z.string().min(1).optional(),
  newRoutingKey: z.string().length(32).optional(),
  apiToken: z.enum(["taken", "refused"]).optional(),
  routingKeys: z.enum(["taken", "refused"]).optional(),
});
const SetWebhook = z.strictObject({
  id: z.string(),
  url: z.url().optional(),
  secrets: z.array(z.string().min(1)).min(1).optional(),
  isActive: z.boolean().optional(),
  /** As after three events that were answered with a refusal; false: enabled again. */
  isDisabled: z.boolean().optional(),
});

/** People on their phones, and the vendor's condition. */
export function addControls(directory: Directory, server: PagerDutyServer): void {
  const { control, log } = directory.world;

  control.on("POST /pagerduty/mode", (body) => {
    const { mode, held } = SetMode.parse(body);
    directory.mode = mode;
    const released = mode === "accept-and-silence" ? 0 : server.releaseHeld(held);
    log.append("pagerduty.mode", { mode, released, held });
    return { mode, released };
  });
  control.on("POST /pagerduty/acknowledge", (body) => {
    const { userId, ...which } = Acknowledge.parse(body);
    const incident = findOpen(directory, which);
    if (incident.status === "triggered") {
      acknowledge(directory, incident, { agent: { kind: "user", userId: knownUser(directory, userId) }, via: "phone" });
    }
    return incidentJson(directory, incident);
  });
  control.on("POST /pagerduty/resolve", (body) => {
    const { userId, ...which } = Resolve.parse(body);
    const incident = findOpen(directory, which);
    const agent = userId === undefined ? AUTOMATION : ({ kind: "user", userId: knownUser(directory, userId) } as const);
    resolve(directory, incident, { agent, via: "phone" });
    return incidentJson(directory, incident);
  });
  control.on("POST /pagerduty/respond", (body) => {
    const { userId, answer, ...which } = Respond.parse(body);
    const incident = findOpen(directory, which);
    answerRequest(directory, incident, { userId: knownUser(directory, userId), answer });
    return incidentJson(directory, incident);
  });
  control.on("GET /pagerduty/incidents", () =>
    directory.incidents.map((incident) => ({ ...incidentJson(directory, incident), notes: incident.notes })),
  );
  control.on("GET /pagerduty/notifications", () => directory.notifications);
  addConfigurationControls(directory);
}

function addConfigurationControls(directory: Directory): void {
  const { control } = directory.world;
  control.on("POST /pagerduty/schedule", (body) => {
    const { scheduleId, shifts } = SetShifts.parse(body);
    for (const shift of shifts) knownUser(directory, shift.user);
    const schedule = directory.account.schedules.find((candidate) => candidate.id === scheduleId);
    if (!schedule) throw new Error(`PagerDuty has no schedule ${scheduleId}`);
    schedule.shifts = shifts;
    return schedule;
  });
  control.on("POST /pagerduty/secrets", (body) => {
    const { apiToken, routingKeys, newApiToken, newRoutingKey } = SetSecrets.parse(body);
    if (newApiToken !== undefined) directory.account.apiToken = newApiToken;
    for (const service of directory.account.services)
      if (newRoutingKey !== undefined) service.integrationKeys = [newRoutingKey];
    if (apiToken !== undefined) directory.takesToken = apiToken === "taken";
    if (routingKeys !== undefined) directory.takesKeys = routingKeys === "taken";
    return { takesToken: directory.takesToken, takesKeys: directory.takesKeys };
  });
  control.on("GET /pagerduty/webhooks", () => directory.webhooks.subscriptions.map((one) => view(directory, one)));
  control.on("POST /pagerduty/webhooks", (body) => {
    const wanted = SetWebhook.parse(body);
    const subscription = findSubscription(directory, wanted.id);
    if (wanted.url !== undefined) subscription.url = wanted.url;
    if (wanted.secrets !== undefined) subscription.secrets = wanted.secrets;
    if (wanted.isActive !== undefined) subscription.isActive = wanted.isActive;
    if (wanted.isDisabled === true) directory.webhooks.disable(subscription);
    if (wanted.isDisabled === false) directory.webhooks.enable(subscription);
    return view(directory, subscription);
  });
  control.on("POST /pagerduty/webhooks/origin", (body) => {
    const { origin } = z.strictObject({ origin: z.url() }).parse(body);
    for (const each of directory.webhooks.subscriptions) each.url = new URL(new URL(each.url).pathname, origin).href;
  });
  control.on("POST /pagerduty/webhooks/replay", (body) => {
    const { id } = z.strictObject({ id: z.string() }).parse(body);
    return { replayed: directory.webhooks.replay(findSubscription(directory, id)) };
  });
}

const view = (directory: Directory, subscription: Subscription) => ({
  id: subscription.id,
  url: subscription.url,
  queued: subscription.queue.length,
  delivered: subscription.sent.length,
  isDisabled: directory.webhooks.isDisabled(subscription),
});

function findSubscription(directory: Directory, id: string): Subscription {
  const subscription = directory.webhooks.subscriptions.find((candidate) => candidate.id === id);
  if (!subscription) throw new Error(`PagerDuty has no webhook subscription ${id}`);
  return subscription;
}

function knownUser(directory: Directory, userId: string): string {
  if (!directory.user(userId)) throw new Error(`PagerDuty has no user ${userId}`);
  return userId;
}

/** The open incident with this id or key. */
function findOpen(
  directory: Directory,
  which: { incidentId?: string | undefined; incidentKey?: string | undefined },
): Incident {
  const { incidentId, incidentKey } = which;
  const incident = directory.openIncident((open) =>
    incidentId === undefined ? open.incidentKey === incidentKey : open.id === incidentId,
  );
  if (!incident) throw new Error(`PagerDuty has no open incident ${incidentId ?? incidentKey ?? "without a name"}`);
  return incident;
}
