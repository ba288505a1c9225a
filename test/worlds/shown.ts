import { z } from "zod";
import type { LogEntry } from "../../src/simulators/world/log.ts";

/** The card that is edited as the run goes. */
export const SHOWN = "progress:F-1";

/** Its newest text in Slack. */
export function shownIn(log: readonly LogEntry[]): string {
  const card = log.findLast(
    ({ kind, facts }) =>
      (kind === "slack.message-posted" || kind === "slack.message-updated") && facts["key"] === SHOWN,
  );
  return z.object({ text: z.string().default("nothing") }).parse(card?.facts ?? {}).text;
}
