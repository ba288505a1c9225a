import { z } from "zod";
import type { Asked, CallRequest, KeepingPager, OnCallEntry, PageRequest, PagerAnswer } from "../../../ports/pager.ts";
import { type ClientOptions, PagerDutyClient } from "./client.ts";
import { findIncident, readIncident, rungByTrigger } from "./incidents.ts";
import { pagerDutyProofs } from "./proofs.ts";

export const NAME = "pagerduty";

/** `from` names the bot's own PagerDuty user, in whose name responders are asked. */
export interface PagerDutyOptions extends ClientOptions {
  /** The service of the file; absent: nothing is proven of it. */
  readonly service?: string | undefined;
  /** Absent: nobody expects webhooks, and nothing is proven of them. */
  readonly expectsWebhooks?: boolean | undefined;
}

/** Long enough for the events queue to have made the incident. */
const NOT_YET_THERE = { afterMs: 1_000, mostMs: 4_000 };
const LONGEST_SUMMARY = 1_024;

/**
 * PagerDuty as our pager. One adapter has one routing key, because acknowledge and resolve work only through the key
 * that triggered. `close` ends its kept-alive connections. Throws UserError when `address` is not on this machine.
 */
export function createPagerDuty(options: PagerDutyOptions): KeepingPager {
  const client = new PagerDutyClient(options);
  const { apiToken, routingKey } = options;
  // What is proven is the present token and key; what pages goes on with those before, while these are refused.
  const asIs = new PagerDutyClient({ ...options, apiToken: apiToken.alone(), routingKey: routingKey.alone() });
  const self = ownUser(client, options.from);
  return {
    name: NAME,
    addressOf: ({ pagers }) => pagers[NAME],
    trigger: triggering(client),
    acknowledge: (dedupKey, by) => followUp(client, { action: "acknowledge", dedupKey, text: `Acknowledged by ${by}` }),
    resolve: (dedupKey, by) => followUp(client, { action: "resolve", dedupKey, text: `Resolved by ${by}` }),
    call: (request) => callPeople(client, self, request),
    evidence: (dedupKey) => readIncident(client, dedupKey),
    whoIsOnCall: (policies) => onCall(client, policies),
    proofs: pagerDutyProofs(asIs, options),
    close: () => {
      client.close();
      asIs.close();
    },
  };
}

/**
 * The same key and dedup key are one incident, however often they are sent; the same dedup key under another key is a second one. So what
 * may have been opened before the key changed is looked for, and only where nobody knows is it sent again.
 */
function triggering(client: PagerDutyClient): (page: PageRequest) => Promise<PagerAnswer> {
  const unsure = new Set<string>();
  return async (page) => {
    const { dedupKey, urgent } = page;
    if (unsure.has(dedupKey) && client.hasEarlier) {
      const found = await findIncident(client, dedupKey, urgent);
      const isOpen = found.kind === "accepted" && found.value !== undefined && found.value.status !== "resolved";
      if (isOpen) return { kind: "accepted", value: undefined };
    }
    const answer = await trigger(client, page);
    if (answer.kind === "unknown") unsure.add(dedupKey);
    else unsure.delete(dedupKey);
    return answer;
  };
}

function trigger(client: PagerDutyClient, page: PageRequest): Promise<PagerAnswer> {
  const { dedupKey, summary, source, severity, details, links, urgent } = page;
  return client.sendEvent(
    {
      event_action: "trigger",
      dedup_key: dedupKey,
      // A summary that is too long is refused, and then nobody is paged.
      payload: { summary: summary.slice(0, LONGEST_SUMMARY), source, severity, custom_details: details },
      links: [...links],
    },
    urgent,
  );
}

interface FollowUp {
  readonly action: "acknowledge" | "resolve";
  readonly dedupKey: string;
  readonly text: string;
}

/** The event stops the phones and uses the reserve; the note, which only says who it was, must not fail it. */
async function followUp(client: PagerDutyClient, { action, dedupKey, text }: FollowUp): Promise<PagerAnswer> {
  const payload = { summary: text.slice(0, LONGEST_SUMMARY), source: "twokey", severity: "info" as const };
  const event = { event_action: action, dedup_key: dedupKey, payload };
  const [answer, earlier] = await Promise.all([client.sendEvent(event, true), client.sendToEarlier(event)]);
  if (answer.kind !== "accepted") return answer;
  if (earlier) return earlier;
  await writeDown(client, dedupKey, text);
  return answer;
}

const Notes = z.object({ notes: z.array(z.object({ content: z.string() })) });

/** Notes have no idempotency key: the same text twice is the same note. */
async function writeDown(client: PagerDutyClient, dedupKey: string, text: string): Promise<void> {
  const found = await findIncident(client, dedupKey);
  if (found.kind !== "accepted" || found.value === undefined) return;
  const endpoint = `/incidents/${found.value.id}/notes`;
  const notes = await client.read({ endpoint, query: {} }, Notes);
  if (notes.kind !== "accepted" || notes.value.notes.some((note) => note.content === text)) return;
  await client.write({ method: "POST", endpoint, data: { note: { content: text } } }, false);
}

const Users = z.object({ users: z.array(z.object({ id: z.string(), email: z.string() })) });

/** Looked up once it is first needed: a pager that is down at start must not keep the bot from starting. */
function ownUser(client: PagerDutyClient, email: string): () => Promise<PagerAnswer<string>> {
  let known: string | undefined;
  return async () => {
    if (known !== undefined) return { kind: "accepted", value: known };
    const found = await client.read(
      { endpoint: "/users", query: { query: email, limit: "100", offset: "0" } },
      Users,
      true,
    );
    if (found.kind !== "accepted") return found;
    known = found.value.users.find((user) => user.email.toLowerCase() === email.toLowerCase())?.id;
    return known === undefined
      ? {
          kind: "rejected",
          code: "no-such-user",
          why: `PagerDuty has no user with the e-mail address ${email} (pagerduty.from)`,
        }
      : { kind: "accepted", value: known };
  };
}

/** Responder requests have no idempotency key either: ours stands in brackets at the end of the message. */
async function callPeople(
  client: PagerDutyClient,
  self: () => Promise<PagerAnswer<string>>,
  request: CallRequest,
): Promise<PagerAnswer<Asked>> {
  const { dedupKey, pageKey, message, urgent } = request;
  const found = await findIncident(client, dedupKey, urgent);
  if (found.kind !== "accepted") return found;
  const incident = found.value;
  // Behind one that is over stands the page that opens the next: who was asked for in the old one is not asked for in it.
  if (incident === undefined || incident.status === "resolved") {
    return { kind: "retry", ...NOT_YET_THERE, why: "PagerDuty has no open incident with this key yet" };
  }
  const rung = request.besidesTrigger ? rungByTrigger(incident) : [];
  const unrung = (ids: readonly string[]) => ids.filter((id) => !rung.includes(id));
  const [users, policies] = [unrung(request.users), unrung(request.policies)] as const;
  const value: Asked = { covered: [...request.users, ...request.policies].filter((id) => rung.includes(id)) };
  const mark = `[${pageKey}]`;
  const isAsked = incident.responder_requests.some((asked) => asked.message?.includes(mark));
  if (isAsked || (users.length === 0 && policies.length === 0)) return { kind: "accepted", value };
  const requester = await self();
  if (requester.kind !== "accepted") return requester;
  const target = (type: string) => (id: string) => ({ responder_request_target: { id, type } });
  const data = {
    requester_id: requester.value,
    message: `${message} ${mark}`,
    responder_request_targets: [
      ...users.map(target("user_reference")),
      ...policies.map(target("escalation_policy_reference")),
    ],
  };
  const answer = await client.write(
    { method: "POST", endpoint: `/incidents/${incident.id}/responder_requests`, data },
    urgent,
  );
  return answer.kind === "accepted" ? { kind: "accepted", value } : answer;
}

const Named = z.object({ id: z.string(), summary: z.string().nullish() });
const OnCallRow = z.object({
  escalation_policy: Named,
  escalation_level: z.number().int(),
  user: Named,
  end: z.iso.datetime({ offset: true }).nullish(),
});

async function onCall(
  client: PagerDutyClient,
  policies: readonly string[],
): Promise<PagerAnswer<readonly OnCallEntry[]>> {
  // Without a filter PagerDuty would answer for every policy of the account.
  if (policies.length === 0) return { kind: "accepted", value: [] };
  const answer = await client.readAll(
    { endpoint: "/oncalls", name: "oncalls", query: { "escalation_policy_ids[]": [...policies] } },
    OnCallRow,
  );
  if (answer.kind !== "accepted") return answer;
  const entries = answer.value.map((row) => ({
    policy: row.escalation_policy.id,
    policyName: row.escalation_policy.summary ?? row.escalation_policy.id,
    level: row.escalation_level,
    pagerUserId: row.user.id,
    name: row.user.summary ?? row.user.id,
    untilMs: row.end ? Date.parse(row.end) : undefined,
  }));
  return { kind: "accepted", value: entries };
}
