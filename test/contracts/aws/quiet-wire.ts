import { eventually } from "../../harness/eventually.ts";

/** Machine time in which whatever may leave has left. */
const QUIET_MS = 250;

/** What `count` says once it has stopped changing: world time stands still, so nobody else's turn comes. */
export async function quietWire(count: () => Promise<number>): Promise<number> {
  const since = { count: await count(), atMs: Date.now() };
  return eventually("quiet wire", async () => {
    const now = await count();
    if (now !== since.count) Object.assign(since, { count: now, atMs: Date.now() });
    return Date.now() - since.atMs > QUIET_MS ? now : undefined;
  });
}
