/** Files in the order in which they are asked: the one that says most for its time comes first. */
const order = JSON.parse(process.env.TWOKEY_MUTANTS_ORDER ?? "[]");
const rankOf = ({ path }) => order.findIndex((file) => path.endsWith(`/${file}`));

export default class QuickestFirst {
  sort(tests) {
    return [...tests].sort((one, other) => rankOf(one) - rankOf(other));
  }

  shard(tests) {
    return tests;
  }

  allFailedTests(tests) {
    return tests;
  }

  cacheResults() {}
}
