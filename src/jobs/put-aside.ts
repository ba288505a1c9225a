import type { Asides, Keeping, PutAside } from "../ports/keeping.ts";
import type { Logger } from "../ports/logger.ts";

export interface PutAsideDeps {
  readonly asides: Asides;
  /** Kinds whose documents stay as they are until a version comes that reads them. */
  readonly kinds: Readonly<Record<string, Pick<Keeping, "takeBack">>>;
  readonly logger: Logger;
  /** Says it in the alerts channel. */
  announce(says: string): Promise<void>;
  /** World time. */
  readonly nowMs: number;
}

/** Looked at in one sweep. Where there are more, something else is wrong than one document. */
const LOOKED_AT = 20;

/** Tells people once of everything that cannot be read, and takes back what can be read again. */
export async function tendPutAside(deps: PutAsideDeps): Promise<void> {
  for (const aside of await deps.asides.list(LOOKED_AT)) {
    const isBack = !aside.replaced && (await deps.kinds[aside.kind]?.takeBack(aside.id));
    if (isBack) deps.logger.info({ kind: aside.kind, id: aside.id }, "What had been put aside can be read again");
    else if (aside.reportedAtMs === undefined) await report(aside, deps);
  }
}

async function report(aside: PutAside, { asides, logger, announce, nowMs }: PutAsideDeps): Promise<void> {
  const { kind, id, why, replaced } = aside;
  logger.error({ kind, id, why }, "Something stored cannot be read and was put aside; everything else goes on");
  await announce(sentence(why, kind, replaced));
  await asides.reported(aside, nowMs);
}

const STAYS = " It stays as it is.";
/** What that means where it is more, or less. */
const UNTIL_THEN: Readonly<Record<string, string>> = {
  run: `${STAYS} Its service stays held, and no failover of it can start.`,
  freeze: `${STAYS} Until then no call that changes the cloud leaves, for any run.`,
  timeline: "",
};

function sentence(why: string, kind: string, replaced: boolean): string {
  if (replaced) return `${why} A new one takes its place, and the old one is kept. Everything else goes on.`;
  return `${why}${UNTIL_THEN[kind] ?? STAYS} Everything else goes on. See “when something cannot be read” in the operations manual.`;
}
