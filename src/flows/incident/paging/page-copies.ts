import { cardDigest, sentAlready } from "../../../domain/card/card-due.ts";
import { UserError } from "../../../domain/errors.ts";
import type { Attempt, DutySpec, Perform } from "../../../domain/incident/duty.ts";
import { amend, type Incident } from "../../../domain/incident/incident.ts";
import type { Page } from "../../../domain/incident/page.ts";
import { type PageCopy, withCopies } from "../../../domain/incident/page-copy.ts";
import type { Person } from "../../../domain/people/person.ts";
import type { MessageRef } from "../../../ports/chat.ts";
import { refreshCard, withoutDuty } from "../comms/announce.ts";
import { postOnce } from "../comms/post-once.ts";
import type { IncidentDeps } from "../deps.ts";

/**
 * A page as a direct message is posted by its own duty, so that it is known whom it reached. From then on it is a card that is kept as
 * it is now: the room's link comes as soon as the room stands, and nothing is asked of anybody once somebody has answered.
 */

const COPIES = "page-copies";
const LOST = "page-lost";

export const COPY_DUTIES: readonly DutySpec<Incident>[] = [
  {
    kind: COPIES,
    says: "Show how it stands on the pages that were sent as direct messages",
    queue: "chat",
    duties: ({ direct, changes, openedAtMs }) =>
      direct !== undefined && direct.changes < changes
        ? [{ key: `${COPIES}:${changes}`, dueAtMs: openedAtMs, subject: {} }]
        : [],
  },
  {
    kind: LOST,
    says: "Look for a page whose sending had no known end when somebody answered",
    queue: "chat",
    duties: (incident) =>
      lostPages(incident).map(({ page, dueAtMs }) => ({
        key: `${LOST}:${page.key}`,
        dueAtMs,
        subject: { page: page.key },
      })),
  },
];

/** To people by name: nothing is owed of them any more, so that no repeat finds their messages. */
function lostPages({ pages, duties }: Incident): { readonly page: Page; readonly dueAtMs: number }[] {
  return pages.flatMap((page) => {
    const { state = "done", claimedUntilMs = 0 } = duties[page.duty] ?? {};
    const mayStand = page.via === "slack" && page.target.kind === "person";
    return mayStand && ["claimed", "unknown"].includes(state) && isOver(page)
      ? [{ page, dueAtMs: claimedUntilMs }]
      : [];
  });
}

const isOver = ({ state }: Page): boolean => ["acked", "superseded", "exhausted"].includes(state);

function lookForLost(deps: IncidentDeps): Perform<Incident> {
  return async (incident, { subject }) => {
    const page = incident.pages.find(({ key }) => key === subject["page"]);
    if (page === undefined) return { kind: "withdrawn" };
    const { id: person } = page.target;
    const copy = { card: `page:${page.key}:${person}`, person, why: `level ${page.level}`, ladder: page.ladder };
    const sinceMs = incident.duties[page.duty]?.intentAtMs ?? page.intentAtMs;
    const message = await deps.chat.find({ person }, copy.card, sinceMs);
    if (message === undefined) return { kind: "done" };
    await keepCard(copy, { incident, message, hash: "" }, deps);
    const sent = [{ ...copy, ts: message.ts }];
    return { kind: "done", apply: (current) => ({ value: keepLive(current, { sent }), events: [] }) };
  };
}

export function copyCalls(deps: IncidentDeps): Readonly<Record<string, Perform<Incident>>> {
  return {
    [LOST]: lookForLost(deps),
    [COPIES]: async ({ direct, changes }) => {
      const { copies = [], replaced = [] } = direct ?? {};
      for (const card of [...copies.map((copy) => copy.card), ...replaced]) await refreshCard(deps, card);
      return { kind: "done", apply: (current) => ({ value: shown(current, { changes, replaced }), events: [] }) };
    },
  };
}

function shown(
  incident: Incident,
  { changes, replaced }: { readonly changes: number; readonly replaced: readonly string[] },
): Incident {
  const { direct } = incident;
  if (!direct) return incident;
  const left = direct.replaced.filter((card) => !replaced.includes(card));
  const now = { ...direct, replaced: left, changes: Math.max(direct.changes, changes) };
  return withoutDuty({ ...incident, direct: now }, `${COPIES}:${changes}`);
}

interface Writing {
  readonly people: readonly Person[];
  /** Which level, or who asked. */
  readonly why: string;
  readonly ladder: number;
  readonly keyOf: (person: Person) => string;
}

export interface Written {
  /** Also where the rest is withdrawn: they stand, and are kept as it is. */
  readonly sent: readonly PageCopy[];
  /** It was not owed any more when some had not been written to. */
  readonly isWithdrawn: boolean;
  readonly missed: readonly Person[];
  /** Not one of them was written to. */
  readonly isNobody: boolean;
  /** What was thrown: of one who may be written to yet, where there is one. */
  readonly first: unknown;
  /** The same, where there is one. */
  readonly late: unknown;
}

/** All of them at once, each for themselves: one for whom Slack takes nothing, or is slow, keeps no message from the others. */
export async function writeToEach(
  deps: IncidentDeps,
  { incident, attempt }: { readonly incident: Incident; readonly attempt: Attempt },
  { people, keyOf, ...asked }: Writing,
): Promise<Written> {
  const copies = people.map((person) => ({ ...asked, card: `page:${keyOf(person)}`, person: person.id }));
  const tries = await Promise.allSettled(copies.map((copy) => send(copy, { incident, attempt }, deps)));
  const errors = tries.flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : []));
  const late = errors.find((error) => !(error instanceof UserError));
  return {
    sent: tries.flatMap((each) => (each.status === "fulfilled" ? (each.value ?? []) : [])),
    isWithdrawn: tries.some((each) => each.status === "fulfilled" && each.value === undefined),
    missed: people.filter((_person, index) => tries[index]?.status === "rejected"),
    isNobody: errors.length > 0 && errors.length === people.length,
    ...{ first: late ?? errors[0], late },
  };
}

async function send(
  copy: Omit<PageCopy, "ts">,
  { incident, attempt }: { readonly incident: Incident; readonly attempt: Attempt },
  deps: IncidentDeps,
): Promise<PageCopy | undefined> {
  const { card: id, person } = copy;
  const card = deps.voice.page(incident, copy);
  const message = await postOnce(deps.chat, { to: { person }, card, key: id }, attempt);
  if (!message) return undefined;
  await keepCard(copy, { incident, message, hash: cardDigest(card) }, deps);
  return { ...copy, ts: message.ts };
}

interface Standing {
  readonly incident: Incident;
  readonly message: MessageRef;
  readonly hash: string;
}

async function keepCard(
  { card: id, person }: Omit<PageCopy, "ts">,
  { incident, message, hash }: Standing,
  { cards, clock }: IncidentDeps,
): Promise<void> {
  const request = { id, kind: "page", subject: `${incident.id}#${id}`, to: { person } };
  await cards.change(id, (current) =>
    current ? undefined : { value: sentAlready(request, { message, hash }, clock.now()), events: [] },
  );
}

/** Kept live from now on. */
export const keepLive = (incident: Incident, { sent }: Pick<Written, "sent">): Incident =>
  sent.length === 0 ? incident : amend(incident, { direct: withCopies(incident.direct, sent) });
