import { afterEach, describe, expect, test } from "@jest/globals";
import { stsOf } from "../../../src/app/sts-order.ts";
import { TransientError } from "../../../src/domain/errors.ts";
import { stateOf } from "../../../src/domain/plan-run/run.ts";
import type { GuardedCloud } from "../../../src/ports/step.ts";
import { drive } from "../../harness/drive.ts";
import { mutationsOf, startRun } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { quoted } from "../../harness/quoted.ts";
import { standbyOf } from "../../harness/site.ts";

const SPEED = 200;
/** Machine time that a silent STS is given. */
const HASTY = { answerWithinMs: 600 };

let at: FailoverWorld | undefined;
afterEach(async () => {
  await at?.stop();
  at = undefined;
});

async function world(options: Partial<Parameters<typeof startFailoverWorld>[0]> = {}): Promise<FailoverWorld> {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED, ...options });
  return at;
}

const promotions = (here: FailoverWorld) => mutationsOf(here).filter((call) => call.includes("PromoteReadReplica"));
const sessionsOf = ({ whole }: FailoverWorld, from: number) =>
  whole.world.log.read(from, "sts.role-assumed").map(({ facts }) => facts["region"]);

/** The same world, in which nobody hands out credentials for this API until `untilTry`. */
function without(cloud: GuardedCloud, api: string, untilTry = Number.POSITIVE_INFINITY): GuardedCloud {
  let tries = 0;
  return {
    ...cloud,
    prepare: async (permitted) => {
      const isAbout = permitted.some(({ on }) => on.some(({ service }) => service === api));
      if (isAbout) tries += 1;
      if (isAbout && tries < untilTry) throw new TransientError("no-credentials", "No credentials: STS is silent");
      await cloud.prepare(permitted);
    },
  };
}

test("a failover gets its credentials elsewhere while the STS of its own region and of the one that it leaves are dark", async () => {
  const here = await world(HASTY);
  const { service, inventory, whole } = here;
  whole.world.regions.set(inventory.file.aws.sts, "dark");
  whole.world.regions.set(service.home, "dark");
  await startRun(here);
  const before = whole.world.log.read().length;
  const place = { id: "F-1", from: service.home, to: standbyOf(service) };

  const run = await drive({ ...here, cloud: here.cloudOf(stsOf(place, inventory)) });

  expect([run.state, run.why]).toEqual(["verified", ""]);
  expect(new Set(sessionsOf(here, before))).toEqual(new Set([standbyOf(service)]));
});

describe("credentials for what follows the promotion", () => {
  test("that nobody hands out stop the run before it, and people are asked", async () => {
    const here = await world();
    await startRun(here);

    const run = await drive({ ...here, cloud: without(here.cloud, "route53") });

    expect(run).toMatchObject({ state: "stopped", pastNoReturn: false, why: expect.stringContaining("STS is silent") });
    expect(run.why).toMatch(quoted("… was not begun, since nobody hands out credentials for what follows it. …"));
    expect(stateOf(run, "promote")).toMatchObject({ state: "failed", attempt: 0 });
    expect(promotions(here)).toEqual([]);
  });

  test("that come a little later are waited for", async () => {
    const here = await world();
    await startRun(here);

    const run = await drive({ ...here, cloud: without(here.cloud, "route53", 3) });

    expect([run.state, run.why]).toEqual(["verified", ""]);
  });

  test("are there when it begins: it goes on to its end without any STS", async () => {
    const here = await world();
    await startRun(here);
    let from = 0;

    const run = await drive(here, {
      onIntent: (step) => {
        if (step !== "promote") return;
        from = here.whole.world.log.read().length;
        here.whole.world.faults.plan({ vendor: "aws", operation: "AssumeRole", effect: { kind: "hang" } });
      },
    });

    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(sessionsOf(here, from)).toEqual([]);
  });
});
