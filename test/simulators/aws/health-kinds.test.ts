import {
  type CloudWatchRegion,
  CreateHealthCheckCommand,
  GetHealthCheckCommand,
  GetHealthCheckStatusCommand,
  type HealthCheckConfig,
  Route53Client,
  UpdateHealthCheckCommand,
} from "@aws-sdk/client-route-53";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { WholeWorld } from "../../../src/simulators/whole-world.ts";
import { openExample } from "../../sandbox/derived-world.ts";
import { refusalOf, settingsFor } from "./aws-world.ts";

const HOME = "eu-west-1";
const ENDPOINT = { FullyQualifiedDomainName: "api.mycomputer.com", ResourcePath: "/health", RequestInterval: 10 };
const CONTROL = "arn:aws:route53-recovery-control::111122223333:controlpanel/p/routingcontrol/home";

let whole: WholeWorld;
let route53: Route53Client;
let made = 0;
beforeEach(async () => {
  whole = await openExample("inventory");
  route53 = new Route53Client(settingsFor(whole.ports.aws, "us-east-1"));
});
afterEach(async () => {
  route53.destroy();
  await whole.stop();
});

const jump = (seconds: number) => whole.world.clock.jump(seconds * 1_000);
const isHealthy = (id: string) => whole.traffic.healthCheckStatus(id) === 1;

const post = async (path: string, body: object): Promise<void> => {
  const { ok } = await fetch(`http://127.0.0.1:${whole.controlPort}${path}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  expect(ok).toBe(true);
};

async function create(config: HealthCheckConfig): Promise<string> {
  made += 1;
  // Route 53 takes five calls a second.
  jump(1);
  const { HealthCheck } = await route53.send(
    new CreateHealthCheckCommand({ CallerReference: `kind-${made}`, HealthCheckConfig: config }),
  );
  return HealthCheck?.Id ?? "";
}

describe("a health check that looks for a string", () => {
  test.each<[string, string, boolean]>([
    ["passes where the body has it", '"status":"ok"', true],
    ["fails where it has another one, though the status is good", '"status":"perfect"', false],
  ])("%s", async (_what, SearchString, passes) => {
    const id = await create({ Type: "HTTP_STR_MATCH", ...ENDPOINT, SearchString });
    jump(60);

    expect(isHealthy(id)).toBe(passes);
    jump(1);
    const { HealthCheckObservations = [] } = await route53.send(new GetHealthCheckStatusCommand({ HealthCheckId: id }));
    expect(HealthCheckObservations[0]?.StatusReport?.Status).toMatch(passes ? /^Success/ : /^Failure.*search string/);
  });

  test("fails where nobody answers, and needs a string", async () => {
    const id = await create({ Type: "HTTPS_STR_MATCH", ...ENDPOINT, SearchString: "ok" });
    whole.world.regions.set(HOME, "dark");
    jump(60);

    expect(isHealthy(id)).toBe(false);
    expect(await refusalOf(create({ Type: "HTTP_STR_MATCH", ...ENDPOINT }))).toMatchObject({ name: "InvalidInput" });
  });
});

test("a check of a port alone passes while somebody takes connections there", async () => {
  const { ResourcePath: _none, ...port } = ENDPOINT;
  const id = await create({ Type: "TCP", ...port, Port: 443 });
  jump(60);
  expect(isHealthy(id)).toBe(true);
  whole.world.regions.set(HOME, "dark");
  jump(60);
  expect(isHealthy(id)).toBe(false);
});

describe("a calculated health check", () => {
  const two = async () => [
    await create({ Type: "HTTP", ...ENDPOINT }),
    await create({ Type: "HTTP", ...ENDPOINT, Inverted: true }),
  ];

  test("counts the healthy ones of its children, each with its inversion, and is listed with them", async () => {
    const ChildHealthChecks = await two();
    const [one, both, none, three] = [
      await create({ Type: "CALCULATED", HealthThreshold: 1, ChildHealthChecks }),
      await create({ Type: "CALCULATED", HealthThreshold: 2, ChildHealthChecks }),
      await create({ Type: "CALCULATED", HealthThreshold: 0, ChildHealthChecks: [ChildHealthChecks[1] ?? ""] }),
      await create({ Type: "CALCULATED", HealthThreshold: 3, ChildHealthChecks }),
    ];

    expect([one, both, none, three].map((id) => isHealthy(id ?? ""))).toEqual([true, false, true, false]);
    jump(1);
    const { HealthCheck } = await route53.send(new GetHealthCheckCommand({ HealthCheckId: one }));
    expect(HealthCheck?.HealthCheckConfig).toMatchObject({ Type: "CALCULATED", HealthThreshold: 1, ChildHealthChecks });
    whole.world.regions.set(HOME, "dark");
    jump(60);
    // The first child is down, and the inverted one up.
    expect(isHealthy(one ?? "")).toBe(true);
    jump(1);
    await route53.send(
      new UpdateHealthCheckCommand({ HealthCheckId: one, ChildHealthChecks: [ChildHealthChecks[0] ?? ""] }),
    );
    jump(11);
    expect(isHealthy(one ?? "")).toBe(false);
  });

  test("counts no calculated one and none that is not there, and nobody observes it", async () => {
    const ChildHealthChecks = await two();
    const id = await create({ Type: "CALCULATED", HealthThreshold: 1, ChildHealthChecks });

    for (const child of [id, "nobody"])
      expect(
        await refusalOf(create({ Type: "CALCULATED", HealthThreshold: 1, ChildHealthChecks: [child] })),
      ).toMatchObject({ name: "InvalidInput" });
    jump(1);
    expect(await refusalOf(route53.send(new GetHealthCheckStatusCommand({ HealthCheckId: id })))).toMatchObject({
      name: "InvalidInput",
    });
  });
});

test("a health check of an alarm is as that alarm says, and without data as it was told, or as before", async () => {
  const [alarm] = whole.spec.cloudwatch.alarms ?? [];
  if (!alarm) throw new Error("the world has an alarm");
  const { name: Name } = alarm;
  const Region = alarm.region as CloudWatchRegion;
  const of = (InsufficientDataHealthStatus: "Healthy" | "Unhealthy" | "LastKnownStatus") =>
    create({ Type: "CLOUDWATCH_METRIC", AlarmIdentifier: { Name, Region }, InsufficientDataHealthStatus });
  const ids = [await of("Healthy"), await of("Unhealthy"), await of("LastKnownStatus")];
  const set = async (state: string) => {
    await post("/cloudwatch/alarm", { region: Region, name: Name, state });
    jump(11);
    return ids.map(isHealthy);
  };

  expect(await set("OK")).toEqual([true, true, true]);
  expect(await set("ALARM")).toEqual([false, false, false]);
  expect(await set("INSUFFICIENT_DATA")).toEqual([true, false, false]);
  await set("OK");
  expect(await set("INSUFFICIENT_DATA")).toEqual([true, false, true]);
});

test("a health check of a routing control is as that is switched, and Off until somebody does", async () => {
  const id = await create({ Type: "RECOVERY_CONTROL", RoutingControlArn: CONTROL });

  expect(isHealthy(id)).toBe(false);
  await post("/route53/routing-control", { arn: CONTROL, state: "On" });
  expect(isHealthy(id)).toBe(true);
  await post("/route53/routing-control", { arn: CONTROL, state: "Off" });
  expect(isHealthy(id)).toBe(false);
});
