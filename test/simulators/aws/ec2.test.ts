import {
  AuthorizeSecurityGroupIngressCommand,
  DescribeSecurityGroupsCommand,
  RevokeSecurityGroupIngressCommand,
} from "@aws-sdk/client-ec2";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type AwsWorld, REPLICA, refusalOf, startAwsWorld, until } from "./aws-world.ts";

describe("simulated security groups", () => {
  let aws: AwsWorld;
  beforeEach(async () => {
    aws = await startAwsWorld({ rds: { databases: [SOLO] } });
  });
  afterEach(() => aws.stop());

  const SOLO = { identifier: "app-rep", region: REPLICA.region, endpoint: "e.example", securityGroups: ["sg-standby"] };
  const permissions = (CidrIp = "10.0.0.0/8") => ({
    GroupId: "sg-standby",
    IpPermissions: [{ IpProtocol: "tcp", FromPort: 5432, ToPort: 5432, IpRanges: [{ CidrIp }] }],
  });
  const revoke = (cidr?: string) => aws.clients.ec2.send(new RevokeSecurityGroupIngressCommand(permissions(cidr)));
  const authorize = (cidr?: string) =>
    aws.clients.ec2.send(new AuthorizeSecurityGroupIngressCommand(permissions(cidr)));
  const write = () => aws.rds.engine.write(REPLICA, { id: "x", writer: "test" });

  test("a revoked rule shuts writers out after a moment, and restoring it lets them in again", async () => {
    aws.world.clock.setSpeed(1);
    expect((await revoke()).Return).toBe(true);
    expect(write()).toEqual({ ok: true });
    aws.world.clock.jump(3_000);
    expect(write()).toEqual({ ok: false, reason: "connect-timeout" });
    await authorize();
    aws.world.clock.jump(3_000);
    expect(write()).toEqual({ ok: true });
    expect(aws.world.log.read(0, "ec2.rules-enforced").map(({ facts }) => facts["rules"])).toEqual([0, 1]);
  });

  test("what is saved from describe can be revoked and authorised back as it is", async () => {
    const read = async () =>
      (await aws.clients.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: ["sg-standby"] }))).SecurityGroups?.[0];
    const saved = (await read())?.IpPermissions;
    expect(saved).toMatchObject([{ IpProtocol: "tcp", FromPort: 5432, IpRanges: [{ CidrIp: "10.0.0.0/8" }] }]);
    const whole = { GroupId: "sg-standby", IpPermissions: saved };
    await aws.clients.ec2.send(new RevokeSecurityGroupIngressCommand(whole));
    expect((await read())?.IpPermissions).toEqual([]);
    await aws.clients.ec2.send(new AuthorizeSecurityGroupIngressCommand(whole));
    expect((await read())?.IpPermissions).toEqual(saved);
    await until(() => (write().ok ? true : undefined));
  });

  test("repeating either change is refused by name", async () => {
    expect(await refusalOf(authorize())).toMatchObject({ name: "InvalidPermission.Duplicate" });
    await revoke();
    expect(await refusalOf(revoke())).toEqual({
      name: "InvalidPermission.NotFound",
      code: "InvalidPermission.NotFound",
      message: "The specified rule does not exist in this security group.",
    });
  });

  test("groups can be filtered, and an unknown one is an error", async () => {
    const { ec2 } = aws.clients;
    const filter = { Filters: [{ Name: "group-id", Values: ["sg-standby", "sg-home"] }] };
    const found = await ec2.send(new DescribeSecurityGroupsCommand(filter));
    expect(found.SecurityGroups?.map(({ GroupId }) => GroupId)).toEqual(["sg-standby"]);
    const unknown = ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: ["sg-home"] }));
    expect(await refusalOf(unknown)).toMatchObject({ name: "InvalidGroup.NotFound" });
  });

  test("a throttled region answers in EC2's own form", async () => {
    aws.world.regions.set(REPLICA.region, "throttled");
    expect(await refusalOf(revoke())).toMatchObject({ name: "RequestLimitExceeded" });
  });
});
