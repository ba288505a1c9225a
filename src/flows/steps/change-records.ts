import { z } from "zod";
import { StepFailed, TransientError } from "../../domain/errors.ts";
import type { StepRole } from "../../domain/plan-run/plan.ts";
import { ROUTE53_CONTROL_PLANE } from "../../domain/service/service.ts";
import type { Step, StepContext } from "../../ports/step.ts";
import { concerned, sameRecords } from "./records.ts";
import { recordsByHand } from "./records-by-hand.ts";
import { MINUTE, RecordsInput, SECOND } from "./schemas.ts";

const Input = RecordsInput;
type Input = z.infer<typeof Input>;
const Data = z.object({ changeId: z.string().nullable() });
type Data = z.infer<typeof Data>;
/** Without a time where nothing had to be changed: nobody knows since when it has been so. */
const Output = z.object({ changeId: z.string().nullable(), inSyncAtMs: z.number().exactOptional() });

/** Records as captured, as planned, or as somebody else made them. */
async function looked(input: Input, { cloud, signal }: StepContext): Promise<"as-captured" | "as-planned" | "drifted"> {
  const now = await cloud.traffic.records(input.zone, input.name, signal);
  if (!now.known) {
    if (now.cause === "denied" || now.cause === "absent")
      throw new StepFailed("records-unseen", `${input.name} cannot be read: ${now.why}`);
    throw new TransientError("records-unseen", `${input.name} cannot be read: ${now.why}`);
  }
  const mine = concerned(now.value, input.before);
  if (sameRecords(mine, input.after)) return "as-planned";
  return sameRecords(mine, input.before) ? "as-captured" : "drifted";
}

async function upsert(
  input: Input,
  { to, comment }: { readonly to: Input["after"]; readonly comment: string },
  { cloud, signal }: StepContext,
) {
  return cloud.traffic.upsert({ zone: input.zone, records: to, comment }, signal);
}

interface Change {
  readonly name: string;
  readonly role: StepRole;
  readonly comment: string;
  readonly deadlineMs: number;
  title(input: Input): string;
}

/** One way to change records, used by several steps: what users resolve, and where the application finds its database. */
export function changeRecords({
  name,
  role,
  comment,
  title,
  deadlineMs,
}: Change): Step<Input, Data, z.infer<typeof Output>> {
  return {
    name,
    role,
    input: Input,
    data: Data,
    output: Output,
    title,
    times: () => ({ expectedMs: 35 * SECOND, deadlineMs }),
    controlPlane: () => ROUTE53_CONTROL_PLANE,
    byHand: ({ zone, after }) => recordsByHand(zone, after),
    permissions: ["route53:ChangeResourceRecordSets"],

    async run(input, context) {
      const found = await looked(input, context);
      if (found === "as-planned") return { requestIds: [], data: { changeId: null } };
      if (found === "drifted") {
        throw new StepFailed(
          "records-drifted",
          `Somebody else changed ${input.name} after the plan was made; TwoKey does not overwrite that`,
        );
      }
      const change = await upsert(input, { to: input.after, comment }, context);
      return { requestIds: change.requestIds, data: { changeId: change.changeId } };
    },

    async verify(input, data, { cloud, signal }) {
      if (data.changeId === null)
        return { done: true, says: `${input.name} had its planned value already`, output: { changeId: null } };
      const state = await cloud.traffic.changeState(data.changeId, signal);
      if (state === "pending") return { done: false, says: "accepted, not yet on all name servers" };
      return {
        done: true,
        says: `${input.name} is changed on all name servers`,
        output: { changeId: data.changeId, inSyncAtMs: cloud.clock.now() },
      };
    },

    async undo(input, context) {
      const found = await looked(input, context);
      if (found === "as-captured") return { says: `${input.name} has its old value`, requestIds: [] };
      if (found === "drifted")
        throw new StepFailed("records-drifted", `Somebody else changed ${input.name}; TwoKey does not overwrite that`);
      const change = await upsert(input, { to: input.before, comment: `${comment}: undo` }, context);
      return { says: `${input.name} is set back`, requestIds: change.requestIds };
    },
  };
}

export const pointApplication = changeRecords({
  name: "point-application",
  role: "prepares",
  comment: "TwoKey: database name to the standby",
  deadlineMs: 15 * MINUTE,
  title: ({ name, region }) => `Point ${name} at the database in ${region}`,
});
