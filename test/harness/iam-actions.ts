import { readFileSync } from "node:fs";

/** `rds:PromoteReadReplica`, as policies write them. What IAM does not know, a policy may deny without any effect. */
export const IAM_ACTIONS: readonly string[] = readFileSync("test/harness/iam-actions.txt", "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));
