import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { LOOK_ACTIONS } from "../../../src/flows/resources/looks.ts";
import { lookingPolicy, sessionPolicy, whoseRole } from "../../../src/integrations/aws/session-policy.ts";
import type { Permission } from "../../../src/ports/permission.ts";
import { clientsIn, type Opened, type Session } from "../../harness/aws-calls.ts";
import { type Excess, excessOf, isOwn } from "../../harness/excess-calls.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { IAM_ACTIONS } from "../../harness/iam-actions.ts";
import { permittedIn, quietPlan } from "../../harness/permitted.ts";
import { PLAYS } from "../../harness/plays.ts";

const EXAMPLE = "every-kind";
const REFUSED = new Set([
  "AccessDenied",
  "AccessDeniedException",
  "UnauthorizedOperation",
  "AuthorizationErrorException",
]);
const FEWEST = 50;
const KNOWN: ReadonlySet<unknown> = new Set(IAM_ACTIONS);

interface Row {
  /** `fence of bookings failover`. */
  readonly title: string;
  readonly permissions: readonly Permission[];
}

/** Each step of each runbook on each kind of service, but those that ask nothing of AWS. */
const STEPS: readonly Row[] = (
  await Promise.all(
    PLAYS.filter(({ example }) => example === EXAMPLE).map(async (play) =>
      permittedIn(await quietPlan(play)).map(({ step, permissions }) => ({
        title: `${step} of ${play.title}`,
        permissions,
      })),
    ),
  )
).flat();
const ACTING = STEPS.filter(({ permissions }) => permissions.length > 0);
const SESSIONS: readonly Row[] = [...ACTING, { title: "a look", permissions: [] }];

let at: FailoverWorld;
/** Distinct calls, all of which every session is tried with. */
let excess: readonly Excess[];
/** How many attempts were denied, by which of both. */
const denied = { session: 0, "identity-based": 0 };
beforeAll(async () => {
  at = await startFailoverWorld({ example: EXAMPLE, speed: 200 });
  excess = excessOf(
    ACTING.flatMap(({ permissions }) => permissions),
    whoseRole(at.inventory.file.aws.role ?? ""),
  );
});
afterAll(() => at.stop());

/** What a fault in this step would have in its hands. */
async function sessionOf({ permissions }: Row): Promise<Session> {
  const role = at.inventory.file.aws.role ?? "";
  const Policy = permissions.length > 0 ? sessionPolicy(permissions, whoseRole(role)) : lookingPolicy(LOOK_ACTIONS);
  const env = at.whole.env;
  const settings = { endpoint: env["AWS_ENDPOINT_URL"] ?? "", maxAttempts: 1 };
  const keys = {
    accessKeyId: env["AWS_ACCESS_KEY_ID"] ?? "",
    secretAccessKey: env["AWS_SECRET_ACCESS_KEY"] ?? "",
  };
  const sts = new STSClient({ ...settings, region: "eu-north-1", credentials: keys });
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

interface Answer {
  readonly call: string;
  readonly answer: string;
}

/** What each call is told, all of them made by the same session. */
async function answersTo(calls: readonly Excess[], session: Session): Promise<readonly Answer[]> {
  const regions = [...new Set(calls.map(({ region }) => region))];
  const clients = new Map(regions.map((region): [string, Opened] => [region, clientsIn(region, session)]));
  const answers = await Promise.all(
    calls.map(async ({ call, region, send }) => {
      const opened = clients.get(region);
      if (!opened) throw new Error(`There are no clients for ${region}`);
      const answer = await send(opened, session).then(
        () => "accepted",
        (error: unknown) => (error instanceof Error ? error.name : String(error)),
      );
      return { call, answer };
    }),
  );
  for (const each of clients.values()) each.destroy();
  return answers;
}

const isRefused = ({ answer }: Answer): boolean => REFUSED.has(answer);

describe("with the credentials of", () => {
  test.each(SESSIONS)("$title every call that is not its own is denied, and its own is not", async (row) => {
    const session = await sessionOf(row);
    const own = excess.filter((each) => isOwn(each, row.permissions));
    const others = excess.filter((each) => !own.includes(each));
    const { log } = at.whole.world;
    const before = log.read().length;

    const answers = await answersTo(others, session);

    expect(answers.filter((each) => !isRefused(each))).toEqual([]);
    expect(log.read(before, "aws.mutation")).toEqual([]);
    const denials = log.read(before, "iam.denied");
    expect(denials).toHaveLength(others.length);
    expect(denials.map(({ facts }) => facts["action"]).filter((action) => !KNOWN.has(action))).toEqual([]);
    for (const { facts } of denials) denied[facts["layer"] === "session" ? "session" : "identity-based"] += 1;
    // The same session is good for what it is for: the denials above are not those of a session that may do nothing.
    expect(own.length > 0).toBe(row.permissions.length > 0);
    expect((await answersTo(own, session)).filter(isRefused)).toEqual([]);
  });
});

test(`that are at least ${FEWEST} distinct calls, and those that the role allows are denied by the session`, () => {
  process.stdout.write(
    `${excess.length} distinct excess calls in ${SESSIONS.length} sessions: ${denied.session} denied by the session, ${denied["identity-based"]} by the role\n`,
  );
  expect(new Set(excess.map(({ call }) => call)).size).toBeGreaterThanOrEqual(FEWEST);
  expect(denied.session).toBeGreaterThan(0);
  expect(denied["identity-based"]).toBeGreaterThan(0);
});
