import { expect, test } from "@jest/globals";
import type { Known } from "../../../../../src/domain/service/observed.ts";
import { linkEnded } from "../../../../../src/flows/resources/stores/rds-replica/link.ts";
import type { DatabaseFacts } from "../../../../../src/ports/databases.ts";
import { example } from "../../../../harness/example.ts";
import { known, quietDay } from "../../../../harness/observed.ts";
import { serviceIn } from "../../../../harness/plans.ts";
import { standbyOf } from "../../../../harness/site.ts";

const service = serviceIn(example("inventory"));

function whyEnded(change: Partial<DatabaseFacts>): string | undefined {
  const facts = quietDay(service).sites[standbyOf(service)]?.database;
  if (!facts?.known) throw new Error("a quiet day is known");
  return linkEnded(known({ ...facts.value, ...change }))?.why;
}

test("a link counts as ended also where RDS says nothing of it, and then people read that nobody knows", () => {
  expect(whyEnded({ replicating: true })).toBeUndefined();
  expect(whyEnded({ replicating: false })).toMatch(/ does not replicate from .+ any more$/);
  expect(whyEnded({ replicating: undefined })).toMatch(/^RDS does not say whether .+ replicates from /);
});

test("of an instance that nobody can see, and of one that is no replica, it says nothing", () => {
  const unseen: Known<DatabaseFacts> = { known: false, cause: "unreachable", why: "RDS is silent", atMs: 0 };

  expect(linkEnded(unseen)).toBeUndefined();
  expect(whyEnded({ role: "standalone", replicating: undefined })).toBeUndefined();
});
