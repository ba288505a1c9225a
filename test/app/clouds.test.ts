import { expect, test } from "@jest/globals";
import { cloudsOf } from "../../src/app/outside.ts";
import type { AccountAws, AwsPorts } from "../../src/integrations/aws/aws.ts";
import { fakeCloud } from "../harness/fakes.ts";

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
    return rest;
  };
  const guarded = (session: string) => ({
    ...ports(`${role} ${session} unguarded`),
    guardedBy: () => ports(`${role} ${session} guarded`),
  });
  return { ...guarded("no session"), as: guarded };
}

const { probe, clock } = fakeCloud({});
const clouds = cloudsOf({ open: account, probe, clock });
const guard = { prove: () => Promise.reject(new Error("nothing is proven here")) };

test.each([
  ["a look", clouds(undefined), "undefined no session unguarded"],
  ["a look in another account", clouds(undefined).through("r1"), "r1 no session unguarded"],
  ["a run", clouds("dr-F-1").guardedBy(guard), "undefined dr-F-1 guarded"],
  [
    "a run in another account keeps session and guard",
    clouds("dr-F-1").guardedBy(guard).through("r1"),
    "r1 dr-F-1 guarded",
  ],
  [
    "and on the way back",
    clouds("dr-F-1").guardedBy(guard).through("r1").through(undefined),
    "undefined dr-F-1 guarded",
  ],
])("%s", async (_what, cloud, way) => {
  await expect(cloud.traffic.changeState("C1")).rejects.toThrow(way);
});
