import { z } from "zod";
import { isVendorsRefusal, messageOf, OutcomeUnknown, StepFailed, TransientError } from "../../domain/errors.ts";
import type { StepRole } from "../../domain/plan-run/plan.ts";
import { ROUTE53_CONTROL_PLANE } from "../../domain/service/service.ts";
import type { Hold, LookContext, Step, Verdict } from "../../ports/step.ts";
import type { Mark } from "./dns-mark.ts";
import { changing } from "./permissions.ts";
import { isPublished, kindOfZone, published, refuseLost, ZoneKind } from "./published.ts";
import { recordsBackByHand, recordsByHand } from "./records-by-hand.ts";
import { LedElsewhere, LedSince, MINUTE, RecordsInput, SECOND } from "./schemas.ts";
import { type Standing, standingOf, write } from "./write-records.ts";

const Input = RecordsInput;
type Input = z.infer<typeof Input>;
/** Without a change of ours where the value was there already, or where people say that they led users there in another way. */
const Data = z.object({
  changeId: z.string().nullable(),
  /** Number of the mark that this change has written. */
  mark: z.number().exactOptional(),
  elsewhere: z.literal(true).exactOptional(),
});
type Data = z.infer<typeof Data>;
/** Without a time where nothing had to be changed: nobody knows since when it has been so. */
const Output = z.object({
  changeId: z.string().nullable(),
  ...LedSince.shape,
  ...LedElsewhere.shape,
  /** The name, where nobody has asked what its zone gives, and which kind that has. */
  unseen: z.string().exactOptional(),
  zone: ZoneKind.exclude(["public"]).exactOptional(),
});

const isOf = (mark: Mark, { run, epoch }: Hold): boolean => mark.run === run && mark.epoch === epoch;

const isOfRun = ({ mark }: Standing, { run }: Hold): boolean => mark?.run === run;

/** Its mark is read before the sets. Where those are as planned, and the mark tells of nobody's change, one may have come in between. */
async function lookTwice(input: Input, context: LookContext): Promise<Standing> {
  const standing = await standingOf(input, context);
  if (standing.stand !== "as-planned" || isOfRun(standing, context.hold)) return standing;
  const again = await standingOf(input, context);
  // Set back between the two: somebody else writes at this moment, and is not written over.
  return again.stand === "as-captured" ? { ...again, stand: "drifted" } : again;
}

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

/** G21. Giving back what stood there is not held up by it: users wait for that, and it adds nobody to the other set. */
function refuseAdded(name: string, { added }: Standing): void {
  if (added === undefined) return;
  const why = `Somebody added ${added} to ${name} after the plan was made. It could lead users elsewhere. Take it away, and retry`;
  throw new StepFailed("records-added", why);
}

/** How far it has come. Of a public zone name servers were asked, and of no other. */
type Told =
  | { readonly done: false; readonly says: string }
  | { readonly done: true; readonly says: string; readonly zone: ZoneKind };

type AskZone = () => Promise<ZoneKind>;

const UNSEEN: Readonly<Record<ZoneKind, string>> = {
  ...{ public: "", private: "" },
  unknown: "; whether its zone is public is not known, so nobody has looked at what it gives",
};

/** Nothing was changed here: what stands in Route 53, and what name servers give of it, is all that can be seen. */
async function stood(input: Input, askZone: AskZone, context: LookContext): Promise<Told> {
  const standing = await standingOf(input, context);
  refuseDrift(input.name, standing, context.hold);
  refuseAdded(input.name, standing);
  if (standing.stand !== "as-planned") return { done: false, says: `${input.name} has its old value` };
  const says = `${input.name} had its planned value already: ${sayWhose(standing, context.hold)}`;
  const zone = await askZone();
  if (zone !== "public") return { done: true, says, zone };
  const given = await published(input, context);
  return given.isThere ? { done: true, says, zone } : { done: false, says: `${says}; ${given.says}` };
}

interface Following {
  readonly changeId: string;
  readonly mark: number | undefined;
  readonly askZone: AskZone;
}

/** By Route 53's own word; while that gives none, by its mark, which the zone's name servers give. Throws what the vendor refuses with. */
async function followed(input: Input, { changeId, mark, askZone }: Following, context: LookContext): Promise<Told> {
  try {
    const state = await context.cloud.traffic.changeState(changeId, context.signal);
    if (state === "pending") return { done: false, says: "accepted, not yet on all name servers" };
    const zone = await askZone();
    const kept = zone === "public" ? await refuseLost(input, context) : "";
    return { done: true, says: `${input.name} is changed on all name servers${kept}`, zone };
  } catch (error) {
    const isRefused = (error instanceof TransientError || error instanceof OutcomeUnknown) && isVendorsRefusal(error);
    if (!isRefused || mark === undefined || (await askZone()) !== "public") throw error;
    const { isThere, says } = await isPublished(input.name, { run: context.hold.run, change: mark }, context);
    if (!isThere) throw error;
    const why = `Route 53 itself does not say how far it is: ${messageOf(error)}`;
    return { done: true, says: `${says}; ${why}${await refuseLost(input, context)}`, zone: "public" };
  }
}

/**
 * Where people say that they led users there: as planned in Route 53, or in another way. Users are led by what the zone's own
 * name servers give. Without such a word that does not count, for health alone may lead users there, and back (decision 0003).
 */
async function ledByHand(input: Input, context: LookContext): Promise<Verdict<z.infer<typeof Output>>> {
  const standing = await stood(input, async () => "public", context).catch((error: unknown) => {
    if (error instanceof TransientError) return undefined;
    throw error;
  });
  if (standing?.done) return { done: true, says: standing.says, output: { changeId: null } };
  const { isThere, says } = await published(input, context);
  if (!isThere) return { done: false, says };
  const output = { changeId: null, elsewhere: true as const, inSyncAtMs: context.cloud.clock.now() };
  return { done: true, says: `${says}, whatever Route 53 has for ${input.name}`, output };
}

interface Change {
  readonly name: string;
  readonly role: StepRole;
  readonly comment: string;
  readonly deadlineMs: number;
  /** Names that users resolve, in zones that are public where the plan says nothing else. Of another name its zone is asked. */
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
  const isForUsers = ({ isPrivate }: Input): boolean => isPublic && !isPrivate;
  const zoneOf = async (input: Input, context: LookContext): Promise<ZoneKind> => {
    if (!isPublic) return kindOfZone(input, context);
    return input.isPrivate ? "private" : "public";
  };
  return {
    // While a change is under way a look asks for its state alone.
    ...{ name, role, waitsOutRefusals: true },
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
    otherWay: isForUsers,
    permissions: ({ zone, name, before, after }) => [
      changing({ zone, name, types: [...before, ...after].map(({ type }) => type) }),
    ],

    async run(input, context) {
      const standing = await lookTwice(input, context);
      refuseAdded(input.name, standing);
      const isThere = standing.stand === "as-planned";
      // Of a change whose answer was lost nobody can be asked how far it has come. A zone takes its changes one after the other: that
      // of the mark is on all name servers no sooner.
      if (isThere && !isOfRun(standing, context.hold)) return { requestIds: [], data: { changeId: null } };
      refuseDrift(input.name, standing, context.hold);
      const to = isThere ? undefined : input.after;
      const change = await write(input, { standing, to, way: "out", comment }, context);
      return { requestIds: change.requestIds, data: { changeId: change.changeId, mark: change.mark } };
    },

    async verify(input, data, context) {
      const { changeId, mark, elsewhere } = data;
      if (elsewhere && isForUsers(input)) return ledByHand(input, context);
      const askZone = () => zoneOf(input, context);
      const told = await (changeId === null
        ? stood(input, askZone, context)
        : followed(input, { changeId, mark, askZone }, context));
      if (!told.done) return told;
      const since = changeId !== null && { inSyncAtMs: context.cloud.clock.now() };
      const { says, zone } = told;
      const unseen = zone !== "public" && { unseen: input.name, zone };
      return { done: true, says: `${says}${UNSEEN[zone]}`, output: { changeId, ...since, ...unseen } };
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
