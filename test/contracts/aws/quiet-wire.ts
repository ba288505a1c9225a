import { eventually } from "../../harness/eventually.ts";

/** Looks that find nothing new, one after the other: a process that has no machine makes none, as it makes no calls. */
const QUIET_LOOKS = 25;

/**
 * What `count` says once it has reached `least` and then stopped changing: world time stands still, so nobody else's turn comes.
 * Throws where it never gets there.
 */
export async function quietWire(count: () => Promise<number>, least = 0): Promise<number> {
  await eventually(`count of ${least}`, async () => (await count()) >= least);
  const since = { count: least, looks: 0 };
  return eventually("quiet wire", async () => {
    const now = await count();
    if (now !== since.count) Object.assign(since, { count: now, looks: 0 });
    since.looks++;
    return since.looks > QUIET_LOOKS ? now : undefined;
  });
}
