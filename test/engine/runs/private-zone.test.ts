import { afterEach, expect, test } from "@jest/globals";
import { stateOf } from "../../../src/domain/plan-run/run.ts";
import { namesOf } from "../../../src/flows/resources/site.ts";
import { drive } from "../../harness/drive.ts";
import { startRun } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { siteOf, standbyOf } from "../../harness/site.ts";

const SPEED = 200;
const LAST_OF_PUBLIC = "            eu-central-1: Secondary\n";
const INSIDE =
  "        - { name: api.mycomputer.com, zone: Z0INSIDE, private: true, routing: weighted, set_identifiers: { eu-west-1: in-a, eu-central-1: in-b } }\n";

let at: FailoverWorld;
afterEach(() => at.stop());

test("a failover moves a name in its public and in its private zone, and asks nobody outside about the private one", async () => {
  at = await startFailoverWorld({
    ...{ example: "inventory", speed: SPEED },
    edit: (text) => text.replace(LAST_OF_PUBLIC, LAST_OF_PUBLIC + INSIDE),
  });
  await startRun(at);

  const run = await drive(at);

  expect([run.state, run.why]).toEqual(["verified", ""]);
  const shifts = run.plan.steps.filter(({ does }) => does === "shift-traffic");
  expect(shifts.map(({ id }) => stateOf(run, id).says)).toEqual(
    Array(2).fill("api.mycomputer.com is changed on all name servers"),
  );
  const front = siteOf(at.service, standbyOf(at.service)).load_balancer.dns_name.toLowerCase();
  for (const { zone, name } of namesOf(at.service)) {
    const found = await at.others.traffic.records(zone, name);
    if (!found.known) throw new Error(found.why);
    expect(found.value.map(({ alias }) => alias?.dnsName)).toEqual([front, front]);
  }
  expect(namesOf(at.service).map(({ zone }) => zone)).toEqual(["Z123456789", "Z0INSIDE"]);
});
