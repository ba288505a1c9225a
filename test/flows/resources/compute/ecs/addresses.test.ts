import { expect, test } from "@jest/globals";
import { resourcesOf } from "../../../../../src/domain/service/service.ts";
import { acceptances } from "../../../../../src/flows/resources/compute/ecs/judged.ts";
import { example } from "../../../../harness/example.ts";
import { known, quietDay } from "../../../../harness/observed.ts";
import { serviceIn } from "../../../../harness/plans.ts";
import { standbyOf } from "../../../../harness/site.ts";

const service = serviceIn(example("inventory"));
const [from, to] = [service.home, standbyOf(service)];
const resource = resourcesOf(service).find(({ resource: { kind } }) => kind === "ecs")?.resource;

test.each([
  ["one that starts has its address already, as one that runs", {}, 4],
  ["what EC2 says of their interfaces counts, where it was asked", { held: 1 }, 2],
])("people are told for how many tasks there are addresses: %s", (_what, held, room) => {
  const standby = quietDay(service).sites[to]?.compute;
  if (!standby?.known) throw new Error("a quiet day is known");
  const at = {
    ...{ service, resource },
    seen: {
      in: { [to]: known({ ...standby.value, running: 2, pending: 1 }) },
      ground: { [to]: known({ subnets: [{ id: "subnet-1", free: 1 }], ...held }) },
    },
  };

  const told = acceptances(at as never, { from, to, isBegun: false } as never).map(({ words }) => words);

  expect(told).toContainEqual(expect.stringContaining(`have addresses for ${room} of the`));
});
