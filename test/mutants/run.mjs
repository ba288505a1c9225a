import startRedis from "../harness/global-setup.mjs";
import stopRedis from "../harness/global-teardown.mjs";
import { command } from "./command.ts";

await startRedis();
// Every trial's tests use this one server, each run its own databases.
process.env.REDIS_URL = process.env.TWOKEY_TEST_REDIS_URL;
try {
  process.exitCode = await command(process.argv.slice(2));
} finally {
  await stopRedis();
}
