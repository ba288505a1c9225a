import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { LOOK_ACTIONS } from "../../../src/flows/resources/looks.ts";
import { lookingPolicy, sessionPolicy, whoseRole } from "../../../src/integrations/aws/session-policy.ts";
import { clientsIn, EXCESS, HOME, type Opened, STANDBY } from "../../harness/excess-calls.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { permittedIn, quietPlan } from "../../harness/permitted.ts";

/** Each step that acts, of a failover and of a snapshot: the calls that are its own. */
const STEPS: readonly (readonly [step: string, runbook: string, own: readonly string[]])[] = [
  ["fence", "failover", [`close ${HOME}`, `open ${HOME}`, `scale ${HOME}`, `bounds ${HOME}`]],
  ["promote", "failover", [`promote ${STANDBY}`]],
  // IAM cannot tell one attribute from another: switching it off is the same call.
  ["forbid-deletion", "failover", ["modify"]],
  ["scale-out", "failover", [`scale ${STANDBY}`, `bounds ${STANDBY}`]],
  ["point-application", "failover", ["change db.inventory.mycomputer.internal"]],
  ["shift-traffic", "failover", ["change api.mycomputer.com"]],
  ["take", "snapshot", []],
  ["copy", "snapshot", []],
  ["a look", "failover", []],
];
const REFUSED = new Set(["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"]);
const FEWEST = 50;

let at: FailoverWorld;
beforeAll(async () => {
  at = await startFailoverWorld({ example: "inventory", speed: 200 });
});
afterAll(() => at.stop());

/** What a fault in this step would have in its hands. */
async function sessionOf(step: string, runbook: string) {
  const role = at.inventory.file.aws.role ?? "";
  const plan = await quietPlan({ title: "", example: "inventory", service: "inventory", runbook });
  const permitted = permittedIn(plan).find((each) => each.step === step)?.permissions;
  const Policy = permitted ? sessionPolicy(permitted, whoseRole(role)) : lookingPolicy(LOOK_ACTIONS);
  const env = at.whole.env;
  const settings = { endpoint: env["AWS_ENDPOINT_URL"] ?? "", maxAttempts: 1 };
  const keys = {
    accessKeyId: env["AWS_ACCESS_KEY_ID"] ?? "",
    secretAccessKey: env["AWS_SECRET_ACCESS_KEY"] ?? "",
  };
  const sts = new STSClient({ ...settings, region: STANDBY, credentials: keys });
  const { Credentials: handed } = await sts.send(
    new AssumeRoleCommand({ RoleArn: role, RoleSessionName: "dr-F-1", Policy }),
  );
  sts.destroy();
  const credentials = {
    accessKeyId: handed?.AccessKeyId ?? "",
    secretAccessKey: handed?.SecretAccessKey ?? "",
    sessionToken: handed?.SessionToken ?? "",
  };
  return { ...settings, credentials };
}

/** The calls that were not refused, with what became of them. */
async function notRefused(clients: Readonly<Record<string, Opened>>, excess: typeof EXCESS): Promise<string[]> {
  const answers = await Promise.all(
    excess.map(async ({ call, region, send }) => {
      const opened = clients[region];
      if (!opened) throw new Error(`There are no clients for ${region}`);
      const answer = await send(opened).then(
        () => "accepted",
        (error: unknown) => (error instanceof Error ? error.name : String(error)),
      );
      return REFUSED.has(answer) ? [] : [`${call}: ${answer}`];
    }),
  );
  return answers.flat();
}

const excessOf = (own: readonly string[]) => EXCESS.filter(({ call }) => !own.includes(call));

describe("with the credentials of", () => {
  test.each(STEPS)("%s of a %s every call that is not its own is denied", async (step, runbook, own) => {
    const session = await sessionOf(step, runbook);
    const clients = { [HOME]: clientsIn(HOME, session), [STANDBY]: clientsIn(STANDBY, session) };
    const { log } = at.whole.world;
    const before = log.read().length;

    const missed = await notRefused(clients, excessOf(own));

    for (const each of Object.values(clients)) each.destroy();
    expect(missed).toEqual([]);
    expect(log.read(before, "aws.mutation")).toEqual([]);
    expect(log.read(before, "iam.denied")).toHaveLength(excessOf(own).length);
  });
});

test(`that are at least ${FEWEST} planted calls`, () => {
  expect(STEPS.flatMap(([, , own]) => excessOf(own)).length).toBeGreaterThanOrEqual(FEWEST);
});
