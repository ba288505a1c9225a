/**
 * The longest suites first, so that no worker stands idle while the other one ends a long one. Without the timings of an earlier
 * run, as on a clean checkout, jest goes by the size of a file, which says little here.
 */
const LONGEST = [
  ...["engine/runs/every-runbook", "scenarios/redis-lost", "crash/every-kind", "scenarios/old-side"],
  ...["crash/zombie", "scenarios/failover.", "crash/every-step", "engine/runs/every-undo", "crash/every-effect"],
  ...["engine/runs/executor-checks", "engine/runs/fence-guard", "scenarios/", "crash/", "engine/", "sandbox/"],
  ...["flows/runbooks", "test/cli", "contracts/", "flows/"],
];

const rankOf = ({ path }) => {
  const rank = LONGEST.findIndex((part) => path.includes(part));
  return rank < 0 ? LONGEST.length : rank;
};

export default class LongestFirst {
  sort(tests) {
    return [...tests].sort((one, other) => rankOf(one) - rankOf(other) || one.path.localeCompare(other.path));
  }

  shard(tests, { shardIndex, shardCount }) {
    return this.sort(tests).filter((_test, index) => index % shardCount === shardIndex - 1);
  }

  allFailedTests(tests) {
    return tests;
  }

  cacheResults() {}
}
