import { readFileSync } from "node:fs";
import SharedContext from "../harness/environment.cjs";

/** Full names of the tests that are asked. A pattern of so many is too long for a command line, and slower than the tests. */
const ASKED = new Set(JSON.parse(readFileSync(process.env.TWOKEY_MUTANTS_ASKED ?? "", "utf8")));

/** Of all files of one process: jest's own `--bail` ends without a report, and leaves databases taken. */
let hasFailed = false;

/** One failure is enough: what is left is skipped, while hooks still give back what they took. */
export default class Asked extends SharedContext {
  constructor(config, context) {
    if (hasFailed) throw new Error("A test before this file has noticed the change");
    super(config, context);
  }

  handleTestEvent({ name, test }, state) {
    if (name === "run_start") skipOthers(state.rootDescribeBlock, []);
    if (name === "test_start" && hasFailed) test.mode = "skip";
    if (name === "test_done" && test.errors.length > 0) hasFailed = true;
  }
}

function skipOthers({ children }, above) {
  for (const child of children) {
    const names = [...above, child.name];
    if (child.type === "describeBlock") skipOthers(child, names);
    else if (!ASKED.has(names.join(" "))) child.mode = "skip";
  }
}
