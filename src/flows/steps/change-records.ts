import { z } from "zod";
import { StepFailed, TransientError } from "../../domain/errors.ts";
import type { Step, StepContext } from "../../ports/step.ts";
import { concerned, sameRecords } from "../records.ts";
import { RecordsInput } from "./schemas.ts";

const Input = RecordsInput;
type Input = z.infer<typeof Input>;
const Data = z.object({ changeId: z.string().nullable() });
type Data = z.infer<typeof Data>;

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

async function upsert(input: Input, to: Input["after"], comment: string, { cloud, signal }: StepContext) {
  return cloud.traffic.upsert(input.zone, to, comment, signal);
}

/** One way to change records, used by two steps: what users resolve, and where the application finds its database. */
function changeRecords(name: string, comment: string): Step<Input, Data> {
  return {
    name,
    input: Input,
    data: Data,

    async run(input, context) {
      const found = await looked(input, context);
      if (found === "as-planned") return { requestIds: [], data: { changeId: null } };
      if (found === "drifted") {
        throw new StepFailed(
          "records-drifted",
          `Somebody else changed ${input.name} after the plan was made; TwoKey does not overwrite that`,
        );
      }
      const change = await upsert(input, input.after, comment, context);
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
      const change = await upsert(input, input.before, `${comment}: undo`, context);
      return { says: `${input.name} is set back`, requestIds: change.requestIds };
    },
  };
}

export const shiftTraffic = changeRecords("shift-traffic", "TwoKey: users to the standby");
export const pointApplication = changeRecords("point-application", "TwoKey: database name to the standby");
