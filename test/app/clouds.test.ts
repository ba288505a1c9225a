import { expect, test } from "@jest/globals";
import { cloudsOf } from "../../src/app/clouds.ts";
import type { AccountAws, AwsPorts, Naming } from "../../src/integrations/aws/aws.ts";
import type { Guard } from "../../src/ports/guard.ts";
import type { Permission } from "../../src/ports/permission.ts";
import { fakeCloud } from "../harness/fakes/index.ts";

/** An account whose ports say by what they were reached. */
function account(role: string | undefined): AccountAws {
  const ports = (way: string): AwsPorts => {
    const {
      probe: _probe,
      clock: _clock,
      through: _through,
      ...rest
    } = fakeCloud({
      traffic: { changeState: () => Promise.reject(new Error(way)) },
    });
    const unread = () => Promise.reject(new Error(way));
    return { ...rest, alarms: { ringing: unread, named: unread } };
  };
  const guarded = ({ sessionName }: Naming) => ({
    ...ports(`${role} ${sessionName} unguarded`),
    guardedBy: (_guard: Guard, permitted: readonly Permission[]) =>
      ports(`${role} ${sessionName} guarded ${permitted.flatMap(({ actions }) => actions).join(" ")}`),
    prepare: async () => undefined,
  });
  const regular = guarded({ sessionName: "regular" });
  return { ...guarded({ sessionName: "no session" }), regular, as: guarded };
}

const { probe, clock, sessions } = fakeCloud({});
const clouds = cloudsOf({ open: account, probe, clock, sessions });
const RUN = { sessionName: "dr-F-1" };
const on = [{ service: "rds", region: "eu-west-1", resource: "db:app" }];
const MAY: readonly Permission[] = [
  { actions: ["here"], on },
  { actions: ["there"], on, roles: { in: { "eu-west-1": "r1" } } },
];
const guard = { prove: () => Promise.reject(new Error("nothing is proven here")) };

test.each([
  ["a look", clouds(undefined), "undefined no session unguarded"],
  ["a look in another account", clouds(undefined).through("r1"), "r1 no session unguarded"],
  ["a look that nobody waits for", clouds("regular"), "undefined regular unguarded"],
  ["a run", clouds(RUN).guardedBy(guard, MAY), "undefined dr-F-1 guarded here"],
  [
    "a run in another account keeps session and guard, and may do there what is permitted there",
    clouds(RUN).guardedBy(guard, MAY).through("r1"),
    "r1 dr-F-1 guarded there",
  ],
  [
    "and on the way back",
    clouds(RUN).guardedBy(guard, MAY).through("r1").through(undefined),
    "undefined dr-F-1 guarded here",
  ],
])("%s", async (_what, cloud, way) => {
  await expect(cloud.traffic.changeState("C1")).rejects.toThrow(way);
});
