import { z } from "zod";
import type { ByHandBlock } from "../../domain/plan-run/by-hand.ts";
import { type HealthVerdict, replyOf, sayFailure } from "../../domain/service/health.ts";
import type { HandOnAlike, LookContext } from "../../ports/step.ts";
import { fetched } from "./by-hand.ts";
import { ZoneKind } from "./published.ts";
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

/** What leads the application to its database, and the name of which nobody here could see what it gives. */
const LEADING = {
  roles: ["prepares"],
  output: z.object({ unseen: z.string().exactOptional(), zone: ZoneKind.exactOptional() }),
} satisfies HandOnAlike<unknown>;

/** Where people look besides when the new side is unwell. */
export function alsoLookAt(
  { ledBy }: { readonly ledBy: readonly string[] },
  { outputOf }: Pick<LookContext, "outputOf">,
): { readonly lookAt?: string } {
  const led = ledBy.flatMap((id) => outputOf(id, LEADING) ?? []);
  const names = led.flatMap(({ unseen }) => unseen ?? []);
  if (names.length === 0) return {};
  const why = led.some(({ zone }) => zone === "unknown")
    ? ". Whether that zone is public is not known, so TwoKey has not looked at what it gives"
    : ", and TwoKey cannot see what that private zone gives";
  return { lookAt: `The application finds its database by ${names.join(" and ")}${why}` };
}

/** What the new side answers instead of a good answer. */
export const unwellThere = (
  { region, service }: Pick<Directly, "region" | "service">,
  health: Exclude<HealthVerdict, { kind: "healthy" }>,
) => ({ done: false, says: `${service} in ${region} gives ${sayFailure(health)}`, ...replyOf(health) }) as const;
