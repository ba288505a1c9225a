import { z } from "zod";

/** World time for which one person's word to lift a freeze waits for the next one. */
const LIFT_COUNTS_FOR_MS = 15 * 60_000;
/** People who must say that changes may go on again. */
export const LIFTED_BY = 2;

const Said = { by: z.string(), atMs: z.number() };

/** What people said: each stays said, so that nobody lifts a freeze by taking something away. */
export const FreezeSaid = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("frozen"), id: z.string(), ...Said, why: z.string() }),
  /** An approver said that it may go on. */
  z.strictObject({ kind: z.literal("lift-asked"), id: z.string(), ...Said }),
  /** The approvers who said so in time. */
  z.strictObject({
    kind: z.literal("lifted"),
    id: z.string(),
    by: z.array(z.string()).min(LIFTED_BY),
    atMs: z.number(),
  }),
]);
export type FreezeSaid = z.infer<typeof FreezeSaid>;

/** With the seal that shows that TwoKey wrote it. */
export const FreezeLine = z.strictObject({ said: FreezeSaid, seal: z.string() });
export type FreezeLine = z.infer<typeof FreezeLine>;

/** One person stopped every change of this installation at once; two lift it. */
export interface Freeze {
  readonly id: string;
  /** Undefined: nobody did through TwoKey. It stops all the same. */
  readonly by: string | undefined;
  readonly atMs: number;
  readonly why: string;
  /** Approvers who said that it may go on. */
  readonly lifts: readonly { readonly by: string; readonly atMs: number }[];
}

/** By which the ledger and what was put aside name what is about freezes. */
export const FREEZE_ID = "installation";

/** Those that nobody has lifted, the oldest first. `notOurs`: ids of what stands beside it and was not written by TwoKey. */
export function inForce(said: readonly FreezeSaid[], notOurs: readonly string[]): readonly Freeze[] {
  const lifted = new Set(said.flatMap(({ kind, id }) => (kind === "lifted" ? [id] : [])));
  const liftsOf = (wanted: string) =>
    said.flatMap((each) =>
      each.kind === "lift-asked" && each.id === wanted ? [{ by: each.by, atMs: each.atMs }] : [],
    );
  const begun = [
    ...said.flatMap((each) => (each.kind === "frozen" ? [each] : [])),
    ...notOurs.map((id) => ({ id, by: undefined, atMs: 0, why: NOT_OURS })),
  ];
  return begun
    .filter(({ id }) => !lifted.has(id))
    .map(({ id, by, atMs, why }) => ({ id, by, atMs, why, lifts: liftsOf(id) }))
    .toSorted((one, other) => one.atMs - other.atMs);
}

const NOT_OURS = "something in Redis says so that TwoKey has not written: somebody else can write to Redis";

/** The people whose word counts now, one each. */
export const standingLifts = ({ lifts }: Freeze, nowMs: number): readonly string[] => [
  ...new Set(lifts.filter(({ atMs }) => nowMs - atMs < LIFT_COUNTS_FOR_MS).map(({ by }) => by)),
];

export const sayFrozen = ({ by, why }: Freeze): string =>
  `${by === undefined ? "Every change is stopped" : `${by} stopped every change`} (${why}). Two approvers lift that: /dr unfreeze`;
