import SharedContext from "../harness/environment.cjs";

/** Of all files of one process: jest's own `--bail` ends without a report, and leaves databases taken. */
let hasFailed = false;

/** One failure is enough: what is left is skipped, while hooks still give back what they took. */
export default class FirstFailure extends SharedContext {
  constructor(config, context) {
    if (hasFailed) throw new Error("A test before this file has noticed the change");
    super(config, context);
  }

  handleTestEvent({ name, test }) {
    if (name === "test_start" && hasFailed) test.mode = "skip";
    if (name === "test_done" && test.errors.length > 0) hasFailed = true;
  }
}
