import { describe, expect, test } from "@jest/globals";
import { RUNBOOK_RULES } from "../../src/app/runbook-rules.ts";
import { RULES as FILE_RULES } from "../../src/config/lint.ts";
import { breakText, type Edit, INVENTORY, problemsOf, TWO_SERVICES, testEach } from "./broken-file.ts";
import { ALERTS_ROWS } from "./rows/alerts.ts";
import { KINDS_ROWS, MANY_WORKERS } from "./rows/kinds.ts";
import { PAGING_ROWS } from "./rows/paging.ts";
import { PEOPLE_ROWS } from "./rows/people.ts";
import { PIPELINE_ROWS } from "./rows/pipelines.ts";
import { PLACES_ROWS } from "./rows/places.ts";
import { TRAFFIC_ROWS } from "./rows/traffic.ts";

const ROWS = [
  ...PEOPLE_ROWS,
  ...PAGING_ROWS,
  ...ALERTS_ROWS,
  ...PLACES_ROWS,
  ...TRAFFIC_ROWS,
  ...PIPELINE_ROWS,
  ...KINDS_ROWS,
];

/** Those of the file itself, and what runbooks warn of. */
const RULES = [...FILE_RULES, ...RUNBOOK_RULES];

describe("the check finds", () => {
  testEach(ROWS);
});

describe("the rules", () => {
  test("each has at least one row that breaks it", () => {
    const proven = new Set(ROWS.map(({ rule }) => rule));
    expect(RULES.map(({ name }) => name).filter((name) => !proven.has(name))).toEqual([]);
  });

  test("have names of their own", () => {
    expect(new Set(RULES.map(({ name }) => name)).size).toBe(RULES.length);
  });

  test("find nothing between two services that share nothing", () => {
    expect(problemsOf(TWO_SERVICES).map(({ rule }) => rule)).toEqual(["policies-have-one-level", "lag-has-an-alarm"]);
  });

  test("a fence that outgrows a session fits where managed policies of the service take its place", () => {
    const wide = (aws: string) => breakText(INVENTORY, [MANY_WORKERS, ["  role: arn", `  ${aws}\n  role: arn`]]);
    const errors = (aws: string) => problemsOf(wide(aws)).filter(({ severity }) => severity === "error");

    expect(errors("session_policies: { inventory: [arn:aws:iam::123456789012:policy/inventory] }")).toEqual([]);
    expect(errors("session_policy: arn:aws:iam::123456789012:policy/every")).toEqual([]);
  });

  test("a session policy may be of each account in which the service is acted on", () => {
    const other = "        kind: ecs\n        role: arn:aws:iam::444455556666:role/other\n";
    const policies = [123456789012, 444455556666].map((account) => `arn:aws:iam::${account}:policy/inventory`);
    const named: Edit = ["  role: arn", `  session_policies: { inventory: [${policies.join(", ")}] }\n  role: arn`];
    const refused = (edits: readonly Edit[]) =>
      problemsOf(breakText(INVENTORY, edits)).filter(({ rule }) => rule === "session-policies-of-roles");

    expect(refused([named, ["        kind: ecs\n", other]])).toEqual([]);
    expect(refused([named]).map(({ path }) => path)).toEqual(["aws.session_policies.inventory[1]"]);
  });

  test("a rule about one region does not hide the same metric of another", () => {
    const match = "match: { namespace: AWS/Backup, metric: NumberOfBackupJobsFailed }";
    const narrow = breakText(INVENTORY, [[match, "match: { metric: DatabaseConnections, region: eu-central-1 }"]]);
    expect(problemsOf(narrow).map(({ rule }) => rule)).toEqual(["policies-have-one-level"]);
  });
});
