import { expect, test } from "@jest/globals";
import { TaskReader } from "../../../src/integrations/aws/compute-tasks.ts";
import type { Lookups } from "../../../src/integrations/aws/lookups.ts";
import { TaskAddresses } from "../../../src/integrations/aws/task-addresses.ts";

const SITE = { cluster: "production", service: "inventory", tasks: 3, target_health: "process" } as const;
const WANTED = { region: "eu-west-1", site: SITE };
const addressOf = (arn: string) => `10.0.0.${arn.slice(1)}`;
const taskOf = (taskArn: string) => ({
  taskArn,
  lastStatus: "RUNNING",
  attachments: [{ details: [{ name: "privateIPv4Address", value: addressOf(taskArn) }] }],
});

/** Tasks as `lists` names them, one list a look, each described when `described` lets it. */
function tasksOf(lists: string[][], described: (arns: readonly string[]) => Promise<void>) {
  const lookups = {
    addresses: new TaskAddresses(),
    taskLists: () => ({ ask: async () => lists.shift() }),
    tasks: () => ({
      askEach: async (arns: readonly string[]) => {
        await described(arns);
        return arns.map(taskOf);
      },
    }),
  };
  return new TaskReader(lookups as unknown as Lookups); // nothing else of it is asked here
}

test("a look that lists fewer tasks takes no address from one that is under way", async () => {
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const tasks = tasksOf([["t1", "t2"], ["t1", "t2", "t3"], ["t1"]], (arns) =>
    arns.includes("t3") ? held : Promise.resolve(),
  );
  await tasks.addresses(WANTED);
  const underWay = tasks.addresses(WANTED);
  expect(await tasks.addresses(WANTED)).toEqual([addressOf("t1")]);
  letGo();

  expect(await underWay).toEqual(["t1", "t2", "t3"].map(addressOf));
});
