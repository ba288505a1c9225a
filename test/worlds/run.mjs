import startRedis from "../harness/global-setup.mjs";
import stopRedis from "../harness/global-teardown.mjs";
import { command } from "./command.ts";

await startRedis();
try {
  process.exitCode = await command(process.argv.slice(2));
} finally {
  await stopRedis();
}
