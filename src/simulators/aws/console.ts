import { z } from "zod";
import type { World } from "../world/world.ts";
import type { AwsService } from "./service.ts";

const Click = z.strictObject({
  /** Signing name, such as `ec2`. */
  service: z.string(),
  operation: z.string(),
  region: z.string(),
  /** Decoded, as the operation takes it: lists are arrays. */
  input: z.record(z.string(), z.unknown()).default({}),
});

/** What there is to call: the names of the operations of each service, by signing name. */
const operationsOf = (services: readonly AwsService[]): Record<string, string[]> =>
  Object.fromEntries(services.map(({ name, operations }) => [name, Object.keys(operations)]));

/** Somebody else acts in the console at the same moment: any operation, with its full effect, past faults and dark regions. */
export function addConsole(world: World, services: readonly AwsService[]): void {
  world.control.on("POST /aws/console", (body) => {
    const { service, operation, region, input } = Click.parse(body);
    const found = services.find(({ name }) => name === service)?.operations[operation];
    if (!found) throw new Error(`The console has no ${service} ${operation}`);
    const requestId = world.random.fork("console").hex(32);
    world.log.append("aws.console", { service, operation, region, input });
    return found.handle({ service, operation, region, input, requestId, invocationId: requestId, attempt: 1 });
  });
  world.control.on("GET /aws/operations", () => operationsOf(services));
}
