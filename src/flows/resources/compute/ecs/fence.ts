import { z } from "zod";
import { StepFailed } from "../../../../domain/errors.ts";
import { canonicalJson } from "../../../../domain/json.ts";
import type { Known } from "../../../../domain/service/observed.ts";
import { isSuspended, type ServiceFacts } from "../../../../ports/compute.ts";
import { ComputeInput } from "../../../steps/schemas.ts";
import type { Fence } from "../../fence.ts";
import { giveBack } from "../../seen-again.ts";
import { closedByHand, drainedByHand, noneRunsByHand, reopenedByHand, runningByHand, savedByHand } from "./by-hand.ts";
import { drainsMs } from "./drains.ts";
import type { EcsSeen } from "./look.ts";
import { compute } from "./parts.ts";
import { scaling } from "./permissions.ts";
import type { Ecs } from "./settings.ts";

const Things = z.object({ region: z.string(), compute: ComputeInput });
type Things = z.infer<typeof Things>;
const Captured = z.object({
  desired: z.number(),
  scaling: z
    .object({
      ...{ min: z.number(), max: z.number() },
      suspended: z.object({ scaleIn: z.boolean(), scaleOut: z.boolean(), scheduled: z.boolean() }),
    })
    .nullable(),
});
type Captured = z.infer<typeof Captured>;

/** A service that somebody has deleted: nothing of it can be stopped, started or given back. */
const GONE: Captured = { desired: 0, scaling: null };

/** ECS describes a deleted service for some time, first while its tasks drain, and takes no change of it any more. */
const isGone = (now: Known<ServiceFacts>): boolean =>
  now.known ? ["DRAINING", "INACTIVE"].includes(now.value.status) : now.cause === "absent";

function capturedOf(now: Known<ServiceFacts>): Known<Captured> {
  if (isGone(now)) return { known: true, value: GONE, atMs: now.atMs };
  return now.known ? { ...now, value: { desired: now.value.desired, scaling: now.value.scaling ?? null } } : now;
}

/** Auto scaling that is given back may take tasks away again at once, down to its own minimum. */
const leastOf = ({ desired, scaling }: Captured): number =>
  scaling === null ? desired : Math.min(desired, Math.max(scaling.min, 1));

const isStopped = ({ desired, scaling }: Captured): boolean =>
  desired === 0 && (scaling === null || (scaling.max === 0 && isSuspended(scaling)));

/** A service without tasks writes nothing, and one whose auto scaling is suspended at zero starts none. */
export const fence: Fence<Ecs, EcsSeen, Things, Captured> = {
  things: Things,
  captured: Captured,
  thingsOf: ({ resource }, region) => ({ region, compute: compute(resource, region) }),
  idOf: ({ region, compute: { cluster, service } }) => `${region}/${cluster}/${service}`,

  seenIn({ seen }, region) {
    const now = seen.in[region];
    return now ? capturedOf(now) : { known: false, cause: "not-asked", why: `nobody has looked at ${region}`, atMs: 0 };
  },

  see: async ({ region, compute: site }, { cloud, signal }) =>
    capturedOf(await cloud.compute.service(region, site, signal)),

  isClosed: isStopped,

  async close({ region, compute: site }, now, { cloud, signal }) {
    if (now.known && isStopped(now.value)) return { requestIds: [] };
    try {
      return await cloud.compute.stop(region, site, signal);
    } catch (error) {
      if (error instanceof StepFailed && isGone(await cloud.compute.service(region, site, signal)))
        return { requestIds: [] };
      throw error;
    }
  },

  lastsMs: drainsMs,

  async left({ region, compute: site }, { cloud, signal }) {
    const tasks = await cloud.compute.tasksLeft(region, site, signal);
    // Without a service no task starts, and ECS lists none of it.
    if (!tasks.known) return tasks.cause === "absent" ? { known: true, value: undefined, atMs: tasks.atMs } : tasks;
    return {
      ...tasks,
      value: tasks.value === 0 ? undefined : `${tasks.value} tasks of ${site.service} have not ended`,
    };
  },

  async reopen({ region, compute: site }, { desired, scaling }, { cloud, signal }) {
    if (desired === 0 && scaling === null) return [];
    if (isGone(await cloud.compute.service(region, site, signal)))
      throw new StepFailed(
        "service-deleted",
        `somebody has deleted ${site.service} in ${region}, so its ${desired} tasks cannot be given back. Create it again, or go on without it`,
      );
    const saved = { desired, scaling: scaling ?? undefined };
    const { requestIds } = await giveBack(
      () => cloud.compute.restore({ region, site, saved }, signal),
      {
        what: `that ${site.service} has its tasks again`,
        see: () => cloud.compute.service(region, site, signal),
        isThere: (now) =>
          now.desired >= leastOf({ desired, scaling }) &&
          (scaling === null || canonicalJson(now.scaling ?? null) === canonicalJson(scaling)),
      },
      { cloud, signal },
    );
    return requestIds;
  },

  reopenByHand({ region, compute: site }, captured) {
    if (captured.desired === 0 && captured.scaling === null) return [];
    const { look, goOn } = runningByHand(region, { ...site, tasks: leastOf(captured) });
    return [{ commands: [...reopenedByHand(region, site, captured), look], goOn }];
  },

  says: ({ desired }) => `${desired} tasks asked for`,

  byHand: ({ region, compute: { cluster, service } }) => {
    const { look, goOn } = noneRunsByHand(region, { cluster, service });
    const commands = [
      ...savedByHand(region, { cluster, service }),
      ...closedByHand(region, { cluster, service }),
      `aws ecs update-service --region ${region} --cluster ${cluster} --service ${service} --desired-count 0`,
      look,
    ];
    return [{ commands, goOn }, drainedByHand(region, { cluster, service })];
  },
  permissions: ({ region, compute: { cluster, service } }) => scaling(region, cluster, service),
};
