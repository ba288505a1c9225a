import {
  AuthorizeSecurityGroupIngressCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  type IpPermission,
  RevokeSecurityGroupIngressCommand,
} from "@aws-sdk/client-ec2";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Peer } from "../../../src/simulators/aws/security-rules.ts";
import { type AwsWorld, FOREIGN, OFFICES, REPLICA, refusalOf, startAwsWorld, until } from "./aws-world.ts";

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
  const write = (from?: Peer) => aws.rds.engine.write(REPLICA, { id: "x", writer: "test" }, from);

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

  const group = { GroupId: "sg-standby" };
  const on5432 = (from: Partial<IpPermission>) => [{ IpProtocol: "tcp", FromPort: 5432, ToPort: 5432, ...from }];
  const change = (IpPermissions: IpPermission[]) => ({ ...group, IpPermissions });
  const permissionsNow = async () =>
    (await aws.clients.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: ["sg-standby"] }))).SecurityGroups?.[0]
      ?.IpPermissions;
  const rulesNow = async () => {
    const filter = { Filters: [{ Name: "group-id", Values: ["sg-standby"] }] };
    return (await aws.clients.ec2.send(new DescribeSecurityGroupRulesCommand(filter))).SecurityGroupRules ?? [];
  };
  const EVERY_KIND: IpPermission[] = on5432({
    IpRanges: [{ CidrIp: "203.0.113.9/32", Description: "a laptop" }],
    Ipv6Ranges: [{ CidrIpv6: "2001:db8::/32", Description: "tasks" }],
    PrefixListIds: [{ PrefixListId: OFFICES.id, Description: "offices" }],
    UserIdGroupPairs: [
      { GroupId: "sg-tasks", UserId: "111122223333" },
      { GroupId: FOREIGN.id, UserId: FOREIGN.account, VpcId: "vpc-9", VpcPeeringConnectionId: "pcx-9" },
    ],
  });

  test("every kind of source is kept with its account, network and description", async () => {
    await revoke();
    const answer = await aws.clients.ec2.send(new AuthorizeSecurityGroupIngressCommand(change(EVERY_KIND)));
    expect(answer.SecurityGroupRules).toHaveLength(5);
    const [first] = EVERY_KIND;
    const [own, foreign] = first?.UserIdGroupPairs ?? [];
    expect(await permissionsNow()).toEqual([
      { ...first, UserIdGroupPairs: [own, { ...foreign, PeeringStatus: "active" }] },
    ]);
    expect(await rulesNow()).toHaveLength(5);
    expect((await rulesNow()).map(({ ReferencedGroupInfo: of }) => of?.UserId)).toContain(FOREIGN.account);
  });

  test("a rule is revoked by its id, and an unknown id is refused by name", async () => {
    const [rule] = await rulesNow();
    const byId = (id = "sgr-0") => new RevokeSecurityGroupIngressCommand({ ...group, SecurityGroupRuleIds: [id] });
    expect(await refusalOf(aws.clients.ec2.send(byId()))).toMatchObject({
      name: "InvalidSecurityGroupRuleId.NotFound",
    });
    const answer = await aws.clients.ec2.send(byId(rule?.SecurityGroupRuleId));
    expect(answer.RevokedSecurityGroupRules?.map(({ CidrIpv4 }) => CidrIpv4)).toEqual(["10.0.0.0/8"]);
    expect(await rulesNow()).toEqual([]);
  });

  test("which rule is meant is told by protocol, range and source, and never by its description", async () => {
    const described = (Description: string) => change(on5432({ IpRanges: [{ CidrIp: "10.0.0.0/8", Description }] }));
    const again = aws.clients.ec2.send(new AuthorizeSecurityGroupIngressCommand(described("another")));
    expect(await refusalOf(again)).toMatchObject({ name: "InvalidPermission.Duplicate" });
    await aws.clients.ec2.send(new RevokeSecurityGroupIngressCommand(described("another")));
    expect(await permissionsNow()).toEqual([]);
  });

  test("the same group of another account is another source", async () => {
    const pair = { GroupId: FOREIGN.id, UserId: FOREIGN.account };
    await aws.clients.ec2.send(new AuthorizeSecurityGroupIngressCommand(change(on5432({ UserIdGroupPairs: [pair] }))));
    const asOurs = change(on5432({ UserIdGroupPairs: [{ GroupId: FOREIGN.id }] }));
    expect(await refusalOf(aws.clients.ec2.send(new RevokeSecurityGroupIngressCommand(asOurs)))).toMatchObject({
      name: "InvalidPermission.NotFound",
    });
  });

  test.each<[string, Partial<IpPermission>, string]>([
    ["a block that is none", { IpRanges: [{ CidrIp: "10.0.0.0/40" }] }, "InvalidParameterValue"],
    ["a block of the other family", { IpRanges: [{ CidrIp: "2001:db8::/32" }] }, "InvalidParameterValue"],
    [
      "a source that is there twice",
      { IpRanges: [{ CidrIp: "192.0.2.0/24" }, { CidrIp: "192.0.2.7/24" }] },
      "InvalidParameterValue",
    ],
    ["no source", {}, "InvalidParameterValue"],
    ["an unknown group", { UserIdGroupPairs: [{ GroupId: "sg-0" }] }, "InvalidGroup.NotFound"],
    [
      "an unknown group of another account",
      { UserIdGroupPairs: [{ GroupId: FOREIGN.id, UserId: "777788889999" }] },
      "InvalidGroup.NotFound",
    ],
    ["an unknown prefix list", { PrefixListIds: [{ PrefixListId: "pl-0" }] }, "InvalidPrefixListID.NotFound"],
  ])("%s is refused", async (_what, from, name) => {
    const asked = aws.clients.ec2.send(new AuthorizeSecurityGroupIngressCommand(change(on5432(from))));
    expect(await refusalOf(asked)).toMatchObject({ name });
    expect(await rulesNow()).toHaveLength(1);
  });

  test("a dry run changes nothing, blocks are shown in their short form, and protocol 6 is tcp", async () => {
    const asked = { ...change(on5432({ IpProtocol: "6", Ipv6Ranges: [{ CidrIpv6: "2001:0DB8:0:0::1/64" }] })) };
    const dry = aws.clients.ec2.send(new AuthorizeSecurityGroupIngressCommand({ ...asked, DryRun: true }));
    expect(await refusalOf(dry)).toMatchObject({ name: "DryRunOperation" });
    expect(await rulesNow()).toHaveLength(1);
    await aws.clients.ec2.send(new AuthorizeSecurityGroupIngressCommand(asked));
    expect(await rulesNow()).toContainEqual(
      expect.objectContaining({ IpProtocol: "tcp", CidrIpv6: "2001:db8::/64", FromPort: 5432 }),
    );
  });

  test("a session is refused whose address and groups no rule lets in", async () => {
    aws.world.clock.setSpeed(1);
    await revoke();
    await aws.clients.ec2.send(new AuthorizeSecurityGroupIngressCommand(change(EVERY_KIND)));
    aws.world.clock.jump(3_000);
    const from = (address: string, ...groups: string[]): Peer => ({ address, groups });
    const LET_IN = [
      ...[from("203.0.113.9"), from("2001:db8:ffff::1"), from("198.51.100.20"), from("2001:db8:7::1")],
      ...[from("192.0.2.1", "sg-other", "sg-tasks"), from("192.0.2.1", FOREIGN.id)],
    ];
    const KEPT_OUT = [from("203.0.113.8"), from("10.0.0.1", "sg-other"), from("2001:db9::1")];
    expect(LET_IN.map((peer) => write(peer))).toEqual(LET_IN.map(() => ({ ok: true })));
    expect(KEPT_OUT.map((peer) => write(peer))).toEqual(KEPT_OUT.map(() => ({ ok: false, reason: "connect-timeout" })));
  });

  test("an instance of RDS has a network interface that does not say whose it is", async () => {
    const carrying = { Filters: [{ Name: "group-id", Values: ["sg-standby"] }] };
    const found = await aws.clients.ec2.send(new DescribeNetworkInterfacesCommand(carrying));
    expect(found.NetworkInterfaces).toMatchObject([
      {
        ...{ Description: "RDSNetworkInterface", RequesterId: "amazon-rds", RequesterManaged: true },
        Groups: [{ GroupId: "sg-standby" }],
      },
    ]);
    const other = { Filters: [{ Name: "group-id", Values: ["sg-tasks"] }] };
    expect((await aws.clients.ec2.send(new DescribeNetworkInterfacesCommand(other))).NetworkInterfaces).toEqual([]);
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
