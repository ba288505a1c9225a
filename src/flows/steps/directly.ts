import type { ByHandBlock } from "../../domain/plan-run/by-hand.ts";
import { type HealthVerdict, replyOf, sayFailure } from "../../domain/service/health.ts";
import { fetched } from "./by-hand.ts";
import { BY_HAND_WITHIN_MS, type ByHandFirst, MINUTE, SECOND } from "./schemas.ts";

interface Directly {
  readonly region: string;
  readonly service: string;
  readonly url: string;
  /** Host name that leads to the region, whichever region is active. */
  readonly via: string;
  /** What people do elsewhere before this can succeed. */
  readonly byHandFirst: readonly ByHandFirst[];
}

/** What all steps say that ask the new side straight, before any user is sent there. */
export const directly = {
  title: ({ region, service, byHandFirst }: Directly): string =>
    byHandFirst.length > 0
      ? `Wait for ${byHandFirst.map(({ name }) => name).join(", ")} to be pointed at the database in ${region} by hand, then check ${service} there directly`
      : `Check ${service} in ${region} directly, before users come`,
  times: ({ byHandFirst }: Directly) => ({
    expectedMs: 30 * SECOND,
    ...(byHandFirst.length > 0
      ? { deadlineMs: BY_HAND_WITHIN_MS, alike: "by-hand-first" }
      : { deadlineMs: 15 * MINUTE }),
  }),
  byHand: ({ url, via, byHandFirst }: Directly): ByHandBlock[] => [
    ...byHandFirst.flatMap(({ blocks }) => blocks),
    fetched(url, `--connect-to ::${via}: `),
  ],
};

/** What the new side answers instead of a good answer. */
export const unwellThere = (
  { region, service }: Pick<Directly, "region" | "service">,
  health: Exclude<HealthVerdict, { kind: "healthy" }>,
) => ({ done: false, says: `${service} in ${region} gives ${sayFailure(health)}`, ...replyOf(health) }) as const;
