import { z } from "zod";
import { StepFailed, TransientError } from "../../domain/errors.ts";
import type { StepRole } from "../../domain/plan-run/plan.ts";
import { ROUTE53_CONTROL_PLANE } from "../../domain/service/service.ts";
import type { Family } from "../../ports/probe.ts";
import type { Hold, LookContext, Step, Verdict } from "../../ports/step.ts";
import type { RecordSet } from "../../ports/traffic.ts";
import { emptyAt, givenBy } from "./dns-answers.ts";
import type { Mark } from "./dns-mark.ts";
import { changing } from "./permissions.ts";
import { recordsBackByHand, recordsByHand } from "./records-by-hand.ts";
import { LedElsewhere, LedSince, MINUTE, RecordsInput, SECOND } from "./schemas.ts";
import { type Standing, standingOf, write } from "./write-records.ts";

const Input = RecordsInput;
type Input = z.infer<typeof Input>;
/** Without a change of ours where the value was there already, or where people say that they led users there in another way. */
const Data = z.object({ changeId: z.string().nullable(), elsewhere: z.literal(true).exactOptional() });
type Data = z.infer<typeof Data>;
/** Without a time where nothing had to be changed: nobody knows since when it has been so. */
const Output = z.object({
  changeId: z.string().nullable(),
  ...LedSince.shape,
  ...LedElsewhere.shape,
});

const isOf = (mark: Mark, { run, epoch }: Hold): boolean => mark.run === run && mark.epoch === epoch;

/** Whose the last change was, for people: after a lost answer, and where somebody else has written. */
function sayWhose({ mark }: Standing, { run }: Hold): string {
  if (mark === undefined) return "no run has left its mark";
  return mark.run === run ? "the mark beside it is this run's" : `the mark beside it is of run ${mark.run}`;
}

function refuseDrift(name: string, standing: Standing, hold: Hold): void {
  if (standing.stand !== "drifted") return;
  throw new StepFailed(
    "records-drifted",
    `Somebody else changed ${name} after the plan was made (${sayWhose(standing, hold)}); TwoKey does not overwrite that`,
  );
}

/** Nothing was changed here: what stands is all that can be seen. */
async function asPlanned(input: Input, context: LookContext): Promise<Verdict<z.infer<typeof Output>>> {
  const standing = await standingOf(input, context);
  refuseDrift(input.name, standing, context.hold);
  if (standing.stand !== "as-planned") return { done: false, says: `${input.name} has its old value` };
  const says = `${input.name} had its planned value already: ${sayWhose(standing, context.hold)}`;
  return { done: true, says, output: { changeId: null } };
}

const ADDRESSES: Readonly<Record<string, Family>> = { A: "A", CNAME: "A", AAAA: "AAAA" };

/**
 * Name servers have lost whole sets that Route 53 counted as published. Users get nothing then, and no waiting mends it:
 * people are called at once. A server that gives no answer says nothing of that, and neither does a resolver that gives an empty
 * one: it may have kept that since before the change. It is told, and awaited where users are looked at.
 */
async function refuseLost({ name, after }: Input, context: Pick<LookContext, "cloud" | "signal">): Promise<string> {
  const kept: string[] = [];
  const families = new Set(after.flatMap(({ type }) => ADDRESSES[type] ?? []));
  for (const family of families) {
    const { lostBy, keptBy } = await emptyAt({ name, newSide: newSideOf(after), family }, context);
    if (keptBy !== undefined) kept.push(`; ${keptBy} still keeps that it has no ${family} record`);
    if (lostBy === undefined) continue;
    const why = `Route 53 says that ${name} is changed on all name servers, and ${lostBy} gives no ${family} record for it: users may reach nothing. Look at the zone, and write the records again`;
    throw new StepFailed("records-lost", why, { facts: { mustAsk: true } });
  }
  return kept.join("");
}

/** Where all sets of a change lead: the target of an alias, or the one value of a CNAME. */
const newSideOf = ([{ alias, values = [] } = {}]: readonly Partial<RecordSet>[]): string =>
  alias?.dnsName ?? values[0] ?? "";

/**
 * Where people say that they led users there: as planned in Route 53, or in another way. Users are led by what the zone's own
 * name servers give. Without such a word that does not count, for health alone may lead users there, and back (decision 0003).
 */
async function ledByHand(input: Input, context: LookContext): Promise<Verdict<z.infer<typeof Output>>> {
  const standing = await asPlanned(input, context).catch((error: unknown) => {
    if (error instanceof TransientError) return undefined;
    throw error;
  });
  if (standing?.done) return standing;
  const { name, after } = input;
  const { isThere, says } = await givenBy({ name, newSide: newSideOf(after) }, context);
  if (!isThere) return { done: false, says };
  const output = { changeId: null, elsewhere: true as const, inSyncAtMs: context.cloud.clock.now() };
  return { done: true, says: `${says}, whatever Route 53 has for ${name}`, output };
}

interface Change {
  readonly name: string;
  readonly role: StepRole;
  readonly comment: string;
  readonly deadlineMs: number;
  /** Names that users resolve: once Route 53 says that a change is everywhere, its name servers have to give it. */
  readonly isPublic: boolean;
  title(input: Input): string;
}

/** One way to change records, used by several steps: what users resolve, and where the application finds its database. */
// oxlint-disable-next-line max-lines-per-function -- one step, in the parts that the type of a step asks for
export function changeRecords({
  name,
  role,
  comment,
  title,
  deadlineMs,
  isPublic,
}: Change): Step<Input, Data, z.infer<typeof Output>> {
  const isAsked = ({ isPrivate }: Input): boolean => isPublic && !isPrivate;
  return {
    // Route 53 takes five calls a second of a whole account.
    ...{ name, role, waitsOutRefusals: true, callsALook: 2 },
    input: Input,
    data: Data,
    dataByHand: (_nowMs, isRefused) => ({ changeId: null, ...(isRefused && { elsewhere: true as const }) }),
    output: Output,
    title,
    times: () => ({ expectedMs: 35 * SECOND, deadlineMs }),
    controlPlane: () => ROUTE53_CONTROL_PLANE,
    byHand: ({ zone, after }) => recordsByHand(zone, after),
    undoByHand: recordsBackByHand,
    // No public name server shows any other name, and Route 53 itself is what refuses.
    otherWay: isAsked,
    permissions: ({ zone, name, before, after }) => [
      changing({ zone, name, types: [...before, ...after].map(({ type }) => type) }),
    ],

    async run(input, context) {
      const standing = await standingOf(input, context);
      if (standing.stand === "as-planned") return { requestIds: [], data: { changeId: null } };
      refuseDrift(input.name, standing, context.hold);
      const change = await write(input, { standing, to: input.after, way: "out", comment }, context);
      return { requestIds: change.requestIds, data: { changeId: change.changeId } };
    },

    async verify(input, data, context) {
      const { cloud, signal } = context;
      if (data.changeId === null)
        return data.elsewhere && isAsked(input) ? ledByHand(input, context) : asPlanned(input, context);
      const state = await cloud.traffic.changeState(data.changeId, signal);
      if (state === "pending") return { done: false, says: "accepted, not yet on all name servers" };
      const kept = isAsked(input) ? await refuseLost(input, { cloud, signal }) : "";
      return {
        done: true,
        says: `${input.name} is changed on all name servers${kept}`,
        output: { changeId: data.changeId, inSyncAtMs: cloud.clock.now() },
      };
    },

    async undo(input, context) {
      const standing = await standingOf(input, context);
      const { stand, mark } = standing;
      refuseDrift(input.name, standing, context.hold);
      const isAsCaptured = stand === "as-captured";
      // A change of an earlier hold may still be on its way: only a newer mark keeps it from arriving.
      if (isAsCaptured && mark?.way === "back" && isOf(mark, context.hold))
        return { says: `${input.name} has its old value`, requestIds: [] };
      const to = isAsCaptured ? undefined : input.before;
      const writing = { standing, to, way: "back" as const, comment: `${comment}: undo` };
      const change = await write(input, writing, context).catch((error: unknown) => {
        // Nothing has to be given back here, and who may not write the mark could not write late either.
        if (isAsCaptured && error instanceof StepFailed) return { requestIds: [] };
        throw error;
      });
      return {
        says: `${input.name} ${isAsCaptured ? "has its old value" : "is set back"}`,
        requestIds: change.requestIds,
      };
    },
  };
}

export const pointApplication = changeRecords({
  name: "point-application",
  role: "prepares",
  comment: "TwoKey: database name to the standby",
  isPublic: false,
  deadlineMs: 15 * MINUTE,
  title: ({ name, region }) => `Point ${name} at the database in ${region}`,
});
