import { DescribeClustersCommand, ECSClient } from "@aws-sdk/client-ecs";
import { ChangeResourceRecordSetsCommand, GetChangeCommand, Route53Client } from "@aws-sdk/client-route-53";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { startAws } from "../../../src/simulators/aws/server.ts";
import { AwsError, type AwsService, type RestRequest } from "../../../src/simulators/aws/service.ts";
import { createWorld, type Simulator, type World } from "../../../src/simulators/world/world.ts";
import { HOME, refusalOf, STANDBY, START_MS, settingsFor } from "./aws-world.ts";

/** Services without behaviour of their own: what arrives is kept, and what is answered depends on the input alone. */
describe("protocols that this folder's services share", () => {
  const requests: RestRequest[] = [];
  const rest: AwsService = {
    name: "route53",
    protocol: "rest-xml",
    namespace: "https://route53.amazonaws.com/doc/2013-04-01/",
    controlPlaneRegion: HOME,
    route: (request) => {
      requests.push(request);
      const [, , kind, id] = request.path.split("/");
      if (kind === "change") return { operation: "GetChange", input: { Id: id } };
      return request.path.endsWith("/rrset") ? { operation: "ChangeResourceRecordSets", input: {} } : undefined;
    },
    operations: {
      GetChange: {
        mutates: false,
        handle: ({ input }) => {
          if (input["Id"] === "C0") throw new AwsError("NoSuchChange", "A change with id <C0> does not exist", 404);
          return {
            ChangeInfo: { Id: `/change/${String(input["Id"])}`, Status: "INSYNC", SubmittedAt: new Date(START_MS) },
          };
        },
      },
      ChangeResourceRecordSets: {
        mutates: true,
        handle: () => ({ ChangeInfo: { Id: "/change/C1", Status: "PENDING", SubmittedAt: new Date(START_MS) } }),
      },
    },
  };
  const json: AwsService = {
    name: "ecs",
    protocol: "json-1.1",
    operations: {
      DescribeClusters: {
        mutates: false,
        handle: ({ input }) => {
          if (!input["clusters"]) throw new AwsError("ClusterNotFoundException", "Cluster not found.");
          return { clusters: [{ clusterName: "dr", settings: [] }], failures: [] };
        },
      },
    },
  };
  let world: World;
  let aws: Simulator;
  let route53: Route53Client;
  let ecs: ECSClient;
  beforeEach(async () => {
    requests.length = 0;
    world = createWorld({ startMs: START_MS, speed: 500, seed: 1, regions: [HOME, STANDBY] });
    aws = await startAws(world, [rest, json]);
    route53 = new Route53Client(settingsFor(aws.port, HOME));
    ecs = new ECSClient(settingsFor(aws.port, STANDBY));
  });
  afterEach(async () => {
    route53.destroy();
    ecs.destroy();
    world.clock.stop();
    await aws.stop();
  });

  test("a REST-XML answer parses, with its dates and its namespace", async () => {
    const { ChangeInfo } = await route53.send(new GetChangeCommand({ Id: "C1" }));
    expect(ChangeInfo).toEqual({ Id: "/change/C1", Status: "INSYNC", SubmittedAt: new Date(START_MS) });
  });

  test("a REST-XML body reaches the route parsed, and is logged as a mutation once accepted", async () => {
    await route53.send(
      new ChangeResourceRecordSetsCommand({
        HostedZoneId: "Z1",
        ChangeBatch: { Changes: [{ Action: "UPSERT", ResourceRecordSet: { Name: "a&b.example", Type: "CNAME" } }] },
      }),
    );
    expect(requests[0]?.path).toBe("/2013-04-01/hostedzone/Z1/rrset");
    expect(requests[0]?.body).toMatchObject({
      ChangeResourceRecordSetsRequest: {
        ChangeBatch: { Changes: { Change: { ResourceRecordSet: { Name: "a&b.example" } } } },
      },
    });
    expect(world.log.read(0, "aws.mutation")).toHaveLength(1);
  });

  test("a path with a trailing slash is the same path, and malformed XML is a client error", async () => {
    const authorization = `AWS4-HMAC-SHA256 Credential=AKIA/20261121/${HOME}/route53/aws4_request, SignedHeaders=host, Signature=${"0".repeat(64)}`;
    const post = (path: string, body: string) =>
      fetch(`http://127.0.0.1:${aws.port}${path}`, { method: "POST", headers: { authorization }, body });
    expect((await post("/2013-04-01/hostedzone/Z1/rrset/", "<A/>")).status).toBe(200);
    expect(requests[0]?.path).toBe("/2013-04-01/hostedzone/Z1/rrset");
    expect((await post("/2013-04-01/hostedzone/Z1/rrset", "<A><B></A>")).status).toBe(400);
    expect((await post("/2013-04-01/elsewhere", "")).status).toBe(404);
  });

  test("errors keep their code and their text in both protocols", async () => {
    expect(await refusalOf(route53.send(new GetChangeCommand({ Id: "C0" })))).toEqual({
      name: "NoSuchChange",
      code: "NoSuchChange",
      message: "A change with id <C0> does not exist",
    });
    expect(await refusalOf(ecs.send(new DescribeClustersCommand({})))).toMatchObject({
      name: "ClusterNotFoundException",
      message: "Cluster not found.",
    });
    const { clusters } = await ecs.send(new DescribeClustersCommand({ clusters: ["dr"] }));
    expect(clusters?.[0]?.clusterName).toBe("dr");
  });

  test("a service whose control plane is elsewhere is lost with that region alone", async () => {
    world.regions.set(STANDBY, "control-plane-down");
    const abroad = new Route53Client(settingsFor(aws.port, STANDBY));
    await expect(abroad.send(new GetChangeCommand({ Id: "C1" }))).resolves.toBeDefined();
    world.regions.set(HOME, "control-plane-down");
    const lost = await refusalOf(abroad.send(new GetChangeCommand({ Id: "C1" })));
    abroad.destroy();
    expect(lost).toMatchObject({ code: "ServiceUnavailable" });
  });

  test("a throttled region answers each protocol's own throttling error", async () => {
    world.regions.set(HOME, "throttled");
    world.regions.set(STANDBY, "throttled");
    const slowDown = await refusalOf(route53.send(new GetChangeCommand({ Id: "C1" })));
    expect(slowDown).toMatchObject({ name: "Throttling" });
    expect(await refusalOf(ecs.send(new DescribeClustersCommand({})))).toMatchObject({ name: "ThrottlingException" });
  });
});
