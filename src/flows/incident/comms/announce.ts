import { type CardRequest, wantCard } from "../../../domain/card/card-due.ts";
import type { DutySpec, OwedDuty, Perform } from "../../../domain/incident/duty.ts";
import { amend, eventOf, homeChannel, type Incident, isOpen, lacksChannel } from "../../../domain/incident/incident.ts";
import type { IncidentDeps } from "../deps.ts";
import { postOnce } from "./post-once.ts";

/** Everything that an incident shows in the chat, except its pages and updates. */

const CHANNEL = "channel";
const NO_CHANNEL = "no-channel";

/** Whoever declared it was promised a channel. */
const owesWord = (incident: Incident): boolean => incident.declaredBy !== undefined && lacksChannel(incident);

function once(key: string, dueAtMs: number, subject: OwedDuty["subject"] = {}): OwedDuty {
  return { key, dueAtMs, subject };
}

/** Owed as soon as there is a channel of its own. */
function inChannel(duties: (incident: Incident) => OwedDuty[]) {
  return (incident: Incident) => (incident.channel === undefined ? [] : duties(incident));
}

/** Owed as soon as it is known where the incident talks. */
function atHome(duties: (incident: Incident) => OwedDuty[]) {
  return (incident: Incident) => (homeChannel(incident) === undefined ? [] : duties(incident));
}

export const ANNOUNCE_DUTIES: readonly DutySpec<Incident>[] = [
  {
    kind: CHANNEL,
    says: "Open the channel",
    queue: "chat",
    // A merged incident that never had a channel needs none.
    duties: (incident) => (isOpen(incident) || incident.channel ? [once(CHANNEL, incident.openedAtMs)] : []),
  },
  {
    kind: NO_CHANNEL,
    says: "Tell who declared it that no channel could be opened",
    queue: "chat",
    // Before everything else that is shown elsewhere then: they wait for the channel.
    duties: (incident) => (owesWord(incident) ? [once(NO_CHANNEL, incident.openedAtMs)] : []),
  },
  {
    kind: "card",
    says: "Show the incident's card as it is now, pinned",
    queue: "chat",
    duties: atHome((incident) =>
      incident.cardChanges < incident.changes ? [once(`card:${incident.changes}`, incident.openedAtMs)] : [],
    ),
  },
  {
    kind: "alert-cards",
    says: "Let the cards of its alarms point to the channel",
    queue: "chat",
    duties: inChannel((incident) => [once("alert-cards", incident.openedAtMs)]),
  },
  {
    kind: "topic",
    says: "Set the topic to severity, state and services",
    queue: "chat",
    duties: inChannel((incident) => {
      const severities = incident.ladders.filter((ladder) => ladder.kind === "matrix").length;
      return [once(`topic:${severities}:${incident.state}:${incident.scope}`, incident.openedAtMs)];
    }),
  },
  {
    kind: "bookmark",
    says: "Set a bookmark",
    queue: "chat",
    duties: inChannel((incident) =>
      incident.bookmarks.map((_bookmark, index) => once(`bookmark:${index}`, incident.openedAtMs, { index })),
    ),
  },
  {
    kind: "initial",
    says: "Post the initial notification: description, assessment, actions, next steps",
    queue: "chat",
    duties: atHome((incident) => [once("initial", incident.openedAtMs)]),
  },
  {
    kind: "note",
    says: "Tell the channel what changed",
    queue: "chat",
    duties: atHome((incident) => incident.notes.map(({ id, atMs }) => once(`note:${id}`, atMs, { id }))),
  },
];

// oxlint-disable-next-line max-lines-per-function -- one table: the hands of each duty
export function announceCalls(deps: IncidentDeps): Readonly<Record<string, Perform<Incident>>> {
  return {
    [CHANNEL]: async (incident) => {
      const channel = await deps.chat.openChannel(incident.channelName, incident.id);
      return {
        kind: "done",
        apply: (current, atMs) => {
          const value = amend(current, { channel: { ...channel } });
          const facts = { channel: channel.id, name: channel.name };
          return {
            value,
            events: [
              eventOf(value, { kind: "incident.channel-opened", atMs, says: `Channel #${channel.name} opened`, facts }),
            ],
          };
        },
      };
    },
    [NO_CHANNEL]: async (incident, duty, attempt) => {
      if (!owesWord(incident)) return { kind: "withdrawn" };
      const card = deps.voice.noChannel(incident, incident.duties[CHANNEL]?.why ?? "Slack has not opened it yet");
      const to = { person: incident.declaredBy ?? "" };
      const message = await postOnce(deps.chat, { to, card, key: `${incident.id}:${duty.key}` }, attempt);
      return { kind: message ? "done" : "withdrawn" };
    },
    card: async (incident) => {
      const { changes } = incident;
      // Not by way of the queue: the people who are being invited come to look at it.
      await deps.showCard(incidentCard(incident));
      await refreshDrafts(deps, incident);
      return {
        kind: "done",
        apply: (current) => ({
          // A later one may have been wanted while this one was on its way.
          value: withoutDuty({ ...current, cardChanges: Math.max(current.cardChanges, changes) }, `card:${changes}`),
          events: [],
        }),
      };
    },
    "alert-cards": async (incident) => {
      for (const { fingerprint } of incident.alerts) await refreshCard(deps, `alert:${fingerprint}`);
      return { kind: "done" };
    },
    topic: async (incident) => {
      await deps.chat.setTopic(incident.channel?.id ?? "", topicOf(incident));
      return { kind: "done" };
    },
    bookmark: async (incident, { subject }) => {
      const bookmark = incident.bookmarks[Number(subject["index"])];
      if (bookmark) await deps.chat.addBookmark(incident.channel?.id ?? "", bookmark.label, bookmark.url);
      return { kind: "done" };
    },
    initial: async (incident, duty, attempt) => {
      const to = { channel: homeChannel(incident) ?? "" };
      const message = await postOnce(
        deps.chat,
        { to, card: deps.voice.initial(incident), key: `${incident.id}:${duty.key}` },
        attempt,
      );
      return { kind: message ? "done" : "withdrawn" };
    },
    note: async (incident, duty, attempt) => {
      const note = incident.notes.find(({ id }) => id === duty.subject["id"]);
      if (note === undefined) return { kind: "withdrawn" };
      const to = { channel: homeChannel(incident) ?? "" };
      const card = deps.voice.note(incident, note.says);
      if (!(await postOnce(deps.chat, { to, card, key: `${incident.id}:${duty.key}` }, attempt)))
        return { kind: "withdrawn" };
      return { kind: "done", apply: (current) => ({ value: withoutNote(current, note.id), events: [] }) };
    },
  };
}

/** The pinned card. It moves to the incident's own channel if that opens after all. */
export function incidentCard(incident: Incident): CardRequest {
  const channel = homeChannel(incident) ?? incident.alertsChannel;
  return {
    id: `incident:${incident.id}:${channel}`,
    kind: "incident",
    subject: incident.id,
    to: { channel },
    pin: incident.channel !== undefined,
  };
}

export async function requestCard(
  deps: Pick<IncidentDeps, "cards" | "clock" | "wake">,
  request: CardRequest,
): Promise<void> {
  const nowMs = deps.clock.now();
  await deps.cards.change(request.id, (current) => {
    const value = wantCard(current, request, nowMs);
    return value && { value, events: [], dueAtMs: nowMs };
  });
  await deps.wake.card(request.id);
}

/** The draft that can be edited, and the one before it, which went out. */
export function draftCard(incident: Incident, number: number): CardRequest {
  const channel = homeChannel(incident) ?? incident.alertsChannel;
  return {
    id: `update:${incident.id}:${number}`,
    kind: "update-draft",
    subject: `${incident.id}#${number}`,
    to: { channel },
  };
}

async function refreshDrafts(deps: IncidentDeps, incident: Incident): Promise<void> {
  const { number } = incident.update;
  for (const each of [number - 1, number]) await refreshCard(deps, draftCard(incident, each).id);
}

/** Shows a card as it is now, if it was ever shown. */
export async function refreshCard(deps: IncidentDeps, id: string): Promise<void> {
  const shown = await deps.cards.get(id);
  if (shown) await requestCard(deps, shown.value);
}

/** At most 250 characters at Slack. */
function topicOf(incident: Incident): string {
  const { severity, state, scope, region = "", services, title } = incident;
  const what = `${scope === "regional" ? `region ${region}: ` : ""}${services.join(", ") || "no service"}`;
  const topic = `${severity.toUpperCase()} · ${state} · ${what} · ${title}`;
  return topic.length > 250 ? `${topic.slice(0, 249)}…` : topic;
}

/** A sentence that was posted is forgotten, with the duty to post it. */
function withoutNote(incident: Incident, id: string): Incident {
  return withoutDuty({ ...incident, notes: incident.notes.filter((note) => note.id !== id) }, `note:${id}`);
}

/** The document says by itself that this is no longer owed; what became of it would only grow the document. */
export function withoutDuty(incident: Incident, key: string): Incident {
  const { [key]: _done, ...duties } = incident.duties;
  return { ...incident, duties };
}
