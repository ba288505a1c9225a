import type { Acceptance } from "../../../domain/plan-run/plan.ts";
import type { Answering } from "../../../domain/service/observation.ts";
import type { Region } from "../../../domain/service/service.ts";
import type { Promoted } from "../../resources/abilities.ts";
import { DNS_BY_HAND } from "../../resources/names.ts";
import { type KindSeen, tellApart } from "../../resources/places.ts";
import type { Judgement } from "./judgement.ts";
import { lossAcceptance, silenceUnbounded } from "./losses.ts";
import type { FailoverRequest } from "./request.ts";
import { steadiness } from "./steadiness.ts";

/** What each key holder has to accept in words before a key turns. */
export function acceptancesFor(request: FailoverRequest, judgement: Judgement): Acceptance[] {
  const { stores, all } = judgement;
  const isOwn = stores.every(({ moving }) => moving.promoted === "continued");
  return [
    ...lossAcceptance(request, stores),
    ...silenceUnbounded(stores),
    ...promotedBefore(judgement),
    ...unfenced(judgement, isOwn),
    ...healthyPrimary(judgement, isOwn),
    ...ofTarget({
      ...{ all, from: judgement.from, to: judgement.to, nowMs: request.nowMs },
      answering: request.observed.answering?.[judgement.to],
      promotedOf: ({ id }) => stores.find(({ at }) => at.id === id)?.moving.promoted,
      isBegun: () => false,
    }),
    ...byHand(judgement),
    ...all.flatMap((at) => at.kind.entrance?.acceptances(at, judgement) ?? []),
  ].filter(isFirst);
}

/** The new side as it is seen now. */
export interface TargetSeen {
  readonly all: readonly KindSeen[];
  readonly from: Region;
  readonly to: Region;
  readonly nowMs: number;
  readonly answering: Answering | undefined;
  /** Who has promoted the copy there already; undefined: it is still to be promoted. */
  readonly promotedOf: (store: KindSeen) => Promoted;
  /** The run itself has begun to change it. */
  readonly isBegun: (compute: KindSeen) => boolean;
}

/** What is accepted of the new side as it is: judged when the plan is made, and again before the commit. */
export function ofTarget({ all, from, to, nowMs, answering, promotedOf, isBegun }: TargetSeen): Acceptance[] {
  return [
    ...steadiness(to, answering),
    ...all.flatMap((at) => {
      const moving = { from, to, promoted: promotedOf(at) };
      return toldApart(all, at, at.kind.store?.move?.acceptances?.(at, moving, nowMs));
    }),
    ...all.flatMap((at) =>
      toldApart(all, at, at.kind.compute?.acceptances?.(at, { from, to, ...(isBegun(at) && { isBegun: true }) })),
    ),
  ];
}

/** One sentence is signed for once, whoever needs it. */
const isFirst = ({ id }: Acceptance, index: number, every: readonly Acceptance[]): boolean =>
  every.findIndex((other) => other.id === id) === index;

const toldApart = (all: readonly KindSeen[], at: KindSeen, accepted: readonly Acceptance[] = []): Acceptance[] =>
  accepted.map((acceptance) => ({ ...acceptance, id: tellApart(all).id(acceptance.id, at) }));

/** "the old database (orders) and the old database (guests)" */
const named = ({ all }: Judgement, what: string, places: readonly KindSeen[]): string =>
  places.map((at) => tellApart(all).words(what, at)).join(" and ");

function promotedBefore(judgement: Judgement): Acceptance[] {
  const { from, to, stores } = judgement;
  const promoted = stores.filter(({ moving }) => moving.promoted === "before");
  if (promoted.length === 0) return [];
  const isOne = promoted.length === 1;
  const databases = named(
    judgement,
    "the database",
    promoted.map(({ at }) => at),
  );
  const lacking = `what ${from} took since is not in ${isOne ? "it" : "them"}`;
  return [
    {
      id: "promoted-already",
      words: `I accept ${databases} in ${to} as ${isOne ? "the writer: it follows" : "the writers: they follow"} nobody, and ${lacking}`,
      danger: `${to} was promoted before. It does not have what ${from} took since.`,
    },
  ];
}

/** What may still write on the old side. A fence that was made by the run before is not judged again. */
function unfenced(judgement: Judgement, isOwn: boolean): Acceptance[] {
  const { from, isAllSilent } = judgement;
  if (isAllSilent) {
    return [
      {
        id: "not-fenced",
        words: `I accept that ${from} cannot be fenced now and may still take writes, which may be lost too`,
        danger: `${from} is silent and may still take writes, which may be lost too.`,
      },
    ];
  }
  return [...notClosed(judgement), ...notStopped(judgement), ...(isOwn ? [] : notProven(judgement))];
}

function notClosed(judgement: Judgement): Acceptance[] {
  const { from, unseen } = judgement;
  const stores = unseen.parts.filter(({ role }) => role === "stores");
  if (stores.length === 0) return [];
  const databases = named(judgement, "the old database", stores);
  return [
    {
      id: "not-closed",
      words: `I accept that nobody can close ${databases} in ${from} now, and that it may still take writes`,
      danger: `${capital(databases)} in ${from} cannot be closed and may still take writes.`,
    },
  ];
}

function notStopped(judgement: Judgement): Acceptance[] {
  const { from, unseen } = judgement;
  const works = unseen.parts.filter(({ role }) => role !== "stores");
  if (works.length === 0) return [];
  const services = named(judgement, "the old service", works);
  return [
    {
      id: "not-stopped",
      words: `I accept that nobody can stop ${services} in ${from} now, and that it may write over sessions that are open already`,
      danger: `${capital(services)} in ${from} cannot be stopped and may still write.`,
    },
  ];
}

/** What is closed, and still leaves something open or unseen. */
function notProven(judgement: Judgement): Acceptance[] {
  const { stores, unseen } = judgement;
  const isOpen = (id: string) => unseen.parts.some((at) => at.id === id);
  const closed = stores.flatMap(({ at }) => (isOpen(at.id) ? [] : [at]));
  return [leftOpen, cutsUnseen, writeNotProven, sessionsNotProven].flatMap((signed) => signed(judgement, closed));
}

type Signed = (judgement: Judgement, closed: readonly KindSeen[]) => Acceptance[];

const leftOpen: Signed = ({ from }, closed) => {
  const groups = closed.flatMap((at) => at.kind.fence?.leavesOpen?.(at, from) ?? []).join(" and ");
  if (groups === "") return [];
  return [
    {
      id: "left-open",
      words: `I accept that ${groups} may stay open: RDS in ${from} does not list them, and programs may still write through them`,
      danger: `${groups} may still let writers in.`,
    },
  ];
};

const cutsUnseen: Signed = ({ from }, closed) => {
  const groups = closed.flatMap((at) => at.kind.fence?.cutsUnseen?.(at, from) ?? []).join(" and ");
  if (groups === "") return [];
  return [
    {
      id: "cuts-unseen",
      words: `I accept that TwoKey closes ${groups} in ${from}, although nobody can see everybody who carries it, and others may be cut off`,
      danger: `Closing ${groups} may cut off others: nobody can see everybody who carries it.`,
    },
  ];
};

const writeNotProven: Signed = (judgement, closed) => {
  const silent = closed.filter(({ id }) => judgement.unseen.writeChecks.some(({ at }) => at.id === id));
  if (silent.length === 0) return [];
  const databases = named(judgement, "the old database", silent);
  return [
    {
      id: "write-not-proven",
      words: `I accept that nobody can test whether ${databases} in ${judgement.from} still takes writes: its write check gives no answer`,
      danger: `Nobody can test whether ${databases} still takes writes.`,
    },
  ];
};

const sessionsNotProven: Signed = (judgement, closed) => {
  const { from, to, unseen } = judgement;
  const unproven = closed.filter((at) => !endsSessions(at, from));
  if (unproven.length === 0) return [];
  const databases = named(judgement, "the old database", unproven);
  const areTasksUnseen = unseen.parts.some(({ role }) => role !== "stores");
  const seen = areTasksUnseen ? "also tasks of the service" : `also tasks in ${to}`;
  return [
    {
      id: "sessions-not-proven",
      words: `I accept that programs that stay connected to ${databases}, ${seen}, may still write, and that those writes may be lost`,
      danger: `Programs that stay connected to ${databases} may still write: those writes may be lost.`,
      ...provenBy(judgement, unproven),
      mayLose: true,
    },
  ];
};

/** Nothing for a kind that no setting proves. Where one setting is for all of them, nobody need read for which. */
function provenBy(judgement: Judgement, unproven: readonly KindSeen[]): Pick<Acceptance, "advice"> {
  const settingOf = (at: KindSeen) => at.kind.fence?.sessionsProvenBy?.(at, judgement.from);
  const settings = [...new Set(unproven.map(settingOf))].flatMap((setting, _at, { length }) => {
    if (setting === undefined || length === 1) return setting ?? [];
    const places = unproven.filter((at) => settingOf(at) === setting);
    return [`${setting} for ${named(judgement, "the old database", places)}`];
  });
  return settings.length === 0
    ? {}
    : { advice: `A later plan ends them with ${settings.join(" and ")} in twokey.yaml.` };
}

const endsSessions = (at: KindSeen, region: Region): boolean =>
  at.kind.fence?.endsSessions?.(at.kind.fence.thingsOf(at, region, at.seen)) !== undefined;

/** A control plane may be dark while users are served: whoever promoted the standby, that side is taken from them now. */
const healthyPrimary = ({ mode, from, isOldSideHealthy }: Judgement, isOwn: boolean): Acceptance[] =>
  mode === "unplanned" && isOldSideHealthy && !isOwn
    ? [
        {
          id: "healthy-primary",
          words: `I accept an unplanned failover although ${from} looks healthy`,
          danger: `Check first: ${from} still looks healthy, so a move may not help.`,
          speaksAgainst: true,
        },
      ]
    : [];

/** The name by which the application finds its database is changed by people, too. */
const byHand = ({ stores }: Judgement): Acceptance[] =>
  stores.some(({ at, move, moving }) => move.leadByHand(at, moving) !== undefined) ? [DNS_BY_HAND] : [];

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
