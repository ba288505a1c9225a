import { z } from "zod";

/** A page as a direct message, which is as live as the card in the room. */
const PageCopy = z.strictObject({
  /** Id of its card. */
  card: z.string(),
  person: z.string(),
  /** Which level, or who asked. */
  why: z.string(),
  /** Number of the ladder that paged: the page is over once this one is answered, whoever is asked for later. */
  ladder: z.number().int(),
  /** The message's time at the chat, which orders them. */
  ts: z.string(),
});
export type PageCopy = z.infer<typeof PageCopy>;

/** The value of a page's button: it answers what the page asks for, and nobody who was asked for since. */
export const pageValue = ({ incident, ladder }: { readonly incident: string; readonly ladder: number }): string =>
  `${incident}#${ladder}`;

/** Of any button that acknowledges; without a ladder it answers all that pages people. */
export function readPageValue(value: string): { readonly incident: string; readonly ladder?: number } {
  const [, incident = value, ladder] = /^(.*)#(\d+)$/.exec(value) ?? [];
  return { incident, ...(ladder === undefined ? {} : { ladder: Number(ladder) }) };
}

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

/** With copies that were sent, or found again: a repeat hands over everybody whom it finds, also where a newer one stands by now. */
export function withCopies(before: DirectMessages = NOTHING_SENT, sent: readonly PageCopy[]): DirectMessages {
  const fresh = sent.filter(({ card }) => !before.copies.some((copy) => copy.card === card));
  const all = [...before.copies, ...fresh];
  const isNewest = (copy: PageCopy) =>
    all.every(({ person, ts }) => person !== copy.person || Number(ts) <= Number(copy.ts));
  const older = all.filter((copy) => !isNewest(copy)).map(({ card }) => card);
  return { ...before, copies: all.filter(isNewest), replaced: [...new Set([...before.replaced, ...older])] };
}
