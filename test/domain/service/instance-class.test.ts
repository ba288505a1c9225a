import { expect, test } from "@jest/globals";
import { isSmallerClass } from "../../../src/domain/service/instance-class.ts";

test.each([
  ["db.r6g.large", "db.r6g.xlarge"],
  ["db.r6g.xlarge", "db.r6g.2xlarge"],
  ["db.m6g.8xlarge", "db.m6g.12xlarge"],
  ["db.t4g.medium", "db.t4g.large"],
  ["db.t4g.large", "db.m6g.large"],
  ["db.m7g.large", "db.r6g.large"],
  ["db.r6g.2xlarge", "db.x2iedn.2xlarge"],
])("%s is smaller than %s, and not the other way round", (one, other) => {
  expect([isSmallerClass(one, other), isSmallerClass(other, one)]).toEqual([true, false]);
});

test.each([
  ["db.r6g.large", "db.r6g.large"],
  ["db.r5.large", "db.r7g.large"],
  ["db.serverless", "db.r6g.large"],
  ["something else", "db.r6g.large"],
])("nobody says that %s or %s is the smaller one", (one, other) => {
  expect([isSmallerClass(one, other), isSmallerClass(other, one)]).toEqual([false, false]);
});
