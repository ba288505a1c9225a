import type { Simulator, World } from "../world/world.ts";
import { addControls } from "./controls.ts";
import { Directory } from "./directory.ts";
import { scriptPeople } from "./people.ts";
import { PagerDutyServer } from "./server.ts";
import { PagerDutySpec } from "./spec.ts";
import { Webhooks } from "./webhooks.ts";

/**
 * A PagerDuty account at the wire: Events API v2 and REST API v2 on one loopback port (plain HTTP; clients are diverted
 * to it), v3 webhooks out. People, escalation and webhook lifetimes live in world time; rate limits, latency and
 * webhook time-outs in machine time. Rejects with a ZodError when the spec is wrong.
 */
export async function startPagerDuty(
  world: World,
  spec: PagerDutySpec,
  options: { port?: number } = {},
): Promise<Simulator> {
  const account = PagerDutySpec.parse(spec);
  const webhooks = new Webhooks(world, account);
  const directory = new Directory(world, account, webhooks);
  const server = new PagerDutyServer(directory);
  scriptPeople(directory);
  addControls(directory, server);
  const port = await server.listen(options.port ?? 0);
  return {
    port,
    env: { PAGERDUTY_ADDRESS: `127.0.0.1:${port}`, PAGERDUTY_API_TOKEN: account.apiToken },
    stop: async () => {
      webhooks.stop();
      await server.close();
    },
  };
}
