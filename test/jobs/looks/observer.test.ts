import { expect, test } from "@jest/globals";
import { lookEveryMs } from "../../../src/jobs/looks/observer.ts";
import { example } from "../../harness/example.ts";
import { homeIsDark, quietDay, seenOn } from "../../harness/observed.ts";
import { serviceIn } from "../../harness/plans.ts";

const service = serviceIn(example("inventory"));

test("a service is looked at often while something is open or one of its regions was dark, and seldom on a quiet day", () => {
  const quietMs = lookEveryMs(false, seenOn(service, quietDay(service)));
  const darkMs = lookEveryMs(false, seenOn(service, homeIsDark(service)));

  expect([darkMs, lookEveryMs(true, undefined), lookEveryMs(true, seenOn(service, quietDay(service)))]).toEqual(
    Array(3).fill(5_000),
  );
  expect([quietMs, lookEveryMs(false, undefined)]).toEqual([30_000, 30_000]);
});
