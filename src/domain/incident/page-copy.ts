import { z } from "zod";

/** A page as a direct message, which is as live as the card in the room. */
const PageCopy = z.strictObject({
  /** Id of its card. */
  card: z.string(),
  person: z.string(),
  /** Which level, or who asked. */
  why: z.string(),
});
export type PageCopy = z.infer<typeof PageCopy>;

export const DirectMessages = z.strictObject({
  /** Of each person the newest. */
  copies: z.array(PageCopy),
  /** Cards of older ones, which still have to say that there is a newer one. */
  replaced: z.array(z.string()),
  /** Changes of the incident that all of them show. */
  changes: z.number().int(),
});
type DirectMessages = z.infer<typeof DirectMessages>;

const NOTHING_SENT: DirectMessages = { copies: [], replaced: [], changes: 0 };

/** With copies that were sent just now. */
export function withCopies(before: DirectMessages = NOTHING_SENT, sent: readonly PageCopy[]): DirectMessages {
  const isNewer = ({ person }: PageCopy) => sent.some((each) => each.person === person);
  const isSame = ({ card }: PageCopy) => sent.some((each) => each.card === card);
  const older = before.copies.filter((copy) => isNewer(copy) && !isSame(copy)).map(({ card }) => card);
  const others = before.copies.filter((copy) => !isNewer(copy));
  return { ...before, copies: [...others, ...sent], replaced: [...before.replaced, ...older] };
}
