import { z } from "zod";
import { TransientError } from "../../../../domain/errors.ts";
import type { Step } from "../../../../ports/step.ts";
import { MINUTE, NoOutput, SECOND } from "../../../steps/schemas.ts";
import { forbiddingDeletion } from "./permissions.ts";

const Input = z.object({ region: z.string(), instance: z.string() });
type Input = z.infer<typeof Input>;
/** Absent where it was not asked for yet: RDS changes nothing while it backs the database up. */
const Data = z.object({ asked: z.literal(true).exactOptional() });
type Data = z.infer<typeof Data>;

/** Statuses in which RDS takes a change. */
const CHANGEABLE = new Set(["available", "storage-optimization"]);

/** Gives a promoted database the deletion protection that a promotion does not take along. It restarts nothing. */
export const forbidDeletion: Step<Input, Data, Record<string, never>> = {
  name: "forbid-deletion",
  role: "prepares",
  input: Input,
  data: Data,
  dataByHand: () => ({ asked: true }),
  output: NoOutput,
  title: ({ region, instance }) => `Switch on deletion protection of ${instance} in ${region}`,
  // After a promotion RDS may back the database up first.
  times: () => ({ expectedMs: 30 * SECOND, deadlineMs: 15 * MINUTE }),
  controlPlane: ({ region }) => region,
  byHand: (input) => {
    const commands = [
      commandOf(input),
      `aws rds describe-db-instances --region ${input.region} --db-instance-identifier ${input.instance} --query 'DBInstances[0].DeletionProtection'`,
    ];
    return [{ commands, goOn: "without waiting: nothing else needs it." }];
  },
  leftToPeople: (input) => `${input.instance} may have no deletion protection. Switch it on: ${commandOf(input)}`,
  permissions: ({ region, instance }) => [forbiddingDeletion(region, instance)],

  async run({ region, instance }, { cloud, signal }) {
    const now = await cloud.databases.describe(region, instance, signal);
    if (!now.known) throw new TransientError("database-unseen", `${instance} cannot be seen: ${now.why}`);
    if (now.value.deletionProtection) return { requestIds: [], data: { asked: true }, already: true };
    if (!CHANGEABLE.has(now.value.status)) return { requestIds: [], data: {} };
    const answer = await cloud.databases.forbidDeletion(region, instance, signal);
    if (answer.kind === "busy")
      throw new TransientError("database-busy", `${instance} is ${now.value.status} and busy: ${answer.why}`);
    return { requestIds: answer.requestIds, data: { asked: true } };
  },

  async verify({ region, instance }, { asked }, { cloud, signal }) {
    const now = await cloud.databases.describe(region, instance, signal);
    if (!now.known) return { done: false, says: `cannot be seen: ${now.why}` };
    const { deletionProtection, status } = now.value;
    if (deletionProtection) return { done: true, says: "RDS refuses to delete it", output: {} };
    if (asked) return { done: false, says: "RDS does not show it yet" };
    if (!CHANGEABLE.has(status)) return { done: false, says: `waits until RDS takes a change: status ${status}` };
    return { done: false, says: `status ${status}: asked for now`, nextPart: true };
  },

  undo: "nothing-to-undo",
};

const commandOf = ({ region, instance }: Input): string =>
  `aws rds modify-db-instance --region ${region} --db-instance-identifier ${instance} --deletion-protection`;
