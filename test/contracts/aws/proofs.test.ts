import { describe, expect, test } from "@jest/globals";
import type { AwsOptions } from "../../../src/integrations/aws/aws.ts";
import { type AwsProofWish, idOfRole, type RoleProof } from "../../../src/integrations/aws/proofs.ts";
import { HOME, NEIGHBOUR_ROLE, ROLE, STANDBY, sessionsIn, TOPIC } from "./inventory-world.ts";
import { worldOfEachTest } from "./world-of-each-test.ts";

const inventory = worldOfEachTest();

const ACTING: RoleProof = { id: "role", role: { arn: ROLE, sessionName: "bot-1-proof" }, neededBy: "every move" };
const NEIGHBOUR: RoleProof = {
  ...{ id: idOfRole(NEIGHBOUR_ROLE), neededBy: ["orders"] },
  role: { arn: NEIGHBOUR_ROLE, sessionName: "bot-1-proof" },
};

/** What each proof comes to, by its id. */
async function proven(wish: Partial<AwsProofWish> = {}, options: Partial<AwsOptions> = {}) {
  const proofs = inventory()
    .connect(options)
    .proofs({ account: "111122223333", roles: [ACTING, NEIGHBOUR], topics: [TOPIC], ...wish });
  const came = proofs.map(async ({ id, prove }) => [id, await prove(new AbortController().signal)] as const);
  return Object.fromEntries(await Promise.all(came));
}

const ROLE_NEXT_DOOR = "aws-role:444455556666:dr-observe";
const TOPICAL = `topic:${TOPIC}`;
const DOOR = "https://twokey.example.com/webhooks/sns";

describe("roles and accounts", () => {
  test("are proven by sessions that may do nothing, and nothing is changed", async () => {
    expect(await proven()).toMatchObject({
      "aws-identity": { kind: "ok" },
      "aws-role": { kind: "ok" },
      [ROLE_NEXT_DOOR]: { kind: "ok" },
      "aws-account": { kind: "ok" },
    });
    const sessions = sessionsIn(inventory());
    expect(sessions.map(({ policy }) => policy)).toEqual(
      Array(3).fill('{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}'),
    );
    expect(inventory().world.log.read(0, "aws.mutation")).toEqual([]);
  });

  test("of another account that is refused stops the moves of its services alone", async () => {
    await inventory().control("/sts/trust", { refused: [NEIGHBOUR_ROLE] });
    const came = await proven();

    expect(came[ROLE_NEXT_DOOR]).toMatchObject({ kind: "wrong", what: `STS refuses the role ${NEIGHBOUR_ROLE}.` });
    expect(came["aws-role"]).toEqual({ kind: "ok" });
    const [, , next] = inventory()
      .connect()
      .proofs({ account: "1", roles: [ACTING, NEIGHBOUR], topics: [] });
    expect(next?.neededBy).toEqual(["orders"]);
  });

  test("each is told of by itself: the one that looks may be refused while the one that acts is taken", async () => {
    const looking = { ...NEIGHBOUR, id: "observe-role", neededBy: "every move" } as const;
    await inventory().control("/sts/trust", { refused: [NEIGHBOUR_ROLE] });
    const came = await proven({ roles: [ACTING, looking], topics: [] });

    expect(came["aws-observe-role"]).toMatchObject({ kind: "wrong", what: `STS refuses the role ${NEIGHBOUR_ROLE}.` });
    expect([came["aws-role"], came["aws-account"]]).toEqual([{ kind: "ok" }, { kind: "ok" }]);
  });

  test("are asked for at the next region's STS where the first gives no answer, and with all of them silent nothing is known", async () => {
    const others = { otherSts: [STANDBY] };
    inventory().world.regions.set(HOME, "refusing");
    expect(await proven({ topics: [] }, others)).toMatchObject({
      "aws-identity": { kind: "ok" },
      "aws-role": { kind: "ok" },
      "aws-account": { kind: "ok" },
    });
    inventory().world.regions.set(STANDBY, "refusing");
    const came = await proven({ topics: [] }, others);
    expect(Object.values(came).map((each) => each.kind)).toEqual(Array(4).fill("unknown"));
    expect(Object.values(came).filter((each) => "isAnswered" in each)).toEqual([]);
    expect(came["aws-identity"]).toMatchObject({ why: expect.stringContaining("STS gives no answer") });
  });

  test("are not known where STS and SNS answer with errors of their own; but they have answered", async () => {
    const effect = { kind: "error", status: 503, code: "ServiceUnavailable" } as const;
    inventory().world.faults.plan({ vendor: "aws", effect });

    const came = Object.values(await proven());
    expect(came).toEqual(Array(came.length).fill(expect.objectContaining({ kind: "unknown", isAnswered: true })));
  });

  test("without a role the machine's own credentials say which account it is", async () => {
    expect((await proven({ roles: [], account: "999900001111" }))["aws-account"]).toMatchObject({
      kind: "wrong",
      what: expect.stringContaining("111122223333"),
    });
  });
});

describe("a topic", () => {
  test("that TwoKey is subscribed to is right, beside whatever others are subscribed", async () => {
    inventory().sns.subscribe(TOPIC, "https://elsewhere.example.com/alarms");
    expect((await proven())[TOPICAL]).toMatchObject({ kind: "wrong", what: expect.stringMatching(/^TwoKey is not/) });
    inventory().sns.subscribe(TOPIC, DOOR);
    expect((await proven())[TOPICAL]).toEqual({ kind: "ok" });
  });

  test("that does not exist is wrong, and one in a dark region is not known", async () => {
    const gone = TOPIC.replace("alarms", "gone");
    expect((await proven({ topics: [gone] }))[`topic:${gone}`]).toMatchObject({ kind: "wrong" });
    inventory().world.regions.set(STANDBY, "refusing");
    expect((await proven())[TOPICAL]).toMatchObject({ kind: "unknown" });
  });
});
