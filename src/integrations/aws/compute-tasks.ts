import { DescribeTasksCommand, ListTasksCommand } from "@aws-sdk/client-ecs";
import { z } from "zod";
import type { Region } from "../../domain/service/service.ts";
import type { ComputeSite } from "../../ports/compute.ts";
import type { By } from "./lookups.ts";

export interface WantedService {
  readonly region: Region;
  readonly site: Pick<ComputeSite, "cluster" | "service">;
  readonly signal?: AbortSignal | undefined;
}

/** Limits of ECS: tasks in one DescribeTasks. */
const MOST_TASKS_A_CALL = 100;

const Task = z.object({
  taskArn: z.string(),
  lastStatus: z.string(),
  stoppedReason: z.string().optional(),
  attachments: z
    .array(z.object({ details: z.array(z.object({ name: z.string(), value: z.string().optional() })).default([]) }))
    .default([]),
});
export type Task = z.infer<typeof Task>;

/** Tasks of one ECS service. All throw CallFailed. */
export class TaskReader {
  readonly #by: By;

  constructor(by: By) {
    this.#by = by;
  }

  async all(wanted: WantedService, status: Status): Promise<readonly Task[]> {
    return this.#described(wanted, await this.#listed(wanted, status));
  }

  /** How many have not ended. Those that have been told to stop are listed apart, whatever they still do. */
  async left(wanted: WantedService): Promise<number> {
    const { ended } = this.#by.lookups;
    const key = `${wanted.region}/${wanted.site.cluster}/${wanted.site.service}`;
    // One after the other: tasks only go from the first list to the second, so none slips through between them.
    const running = await this.#listed(wanted, "RUNNING");
    const stopped = await this.#listed(wanted, "STOPPED");
    const listed = [...new Set([...running, ...stopped])];
    const found = await this.#described(
      wanted,
      listed.filter((arn) => !ended.has(key, arn)),
    );
    const over = found.filter(({ lastStatus }) => lastStatus === "STOPPED");
    ended.add(key, { arns: over.map(({ taskArn }) => taskArn), listed });
    return found.length - over.length;
  }

  async #listed(wanted: WantedService, desiredStatus: Status): Promise<readonly string[]> {
    const { caller, clients } = this.#by;
    const { region, site } = wanted;
    const arns: string[] = [];
    for (let nextToken: string | undefined, page = 0; page === 0 || nextToken !== undefined; page++) {
      const asked = { cluster: site.cluster, serviceName: site.service, desiredStatus, nextToken };
      const command = new ListTasksCommand(asked);
      const answer = await caller.read(askFor(wanted), (options) => clients.ecs.in(region).send(command, options));
      arns.push(...(answer.taskArns ?? []));
      nextToken = answer.nextToken;
    }
    return arns;
  }

  async #described(wanted: WantedService, arns: readonly string[]): Promise<readonly Task[]> {
    const { caller, clients } = this.#by;
    const { region, site } = wanted;
    const found: Task[] = [];
    for (let from = 0; from < arns.length; from += MOST_TASKS_A_CALL) {
      const tasks = arns.slice(from, from + MOST_TASKS_A_CALL);
      const command = new DescribeTasksCommand({ cluster: site.cluster, tasks });
      const answer = await caller.read(askFor(wanted), (options) => clients.ecs.in(region).send(command, options));
      found.push(...z.array(Task).default([]).parse(answer.tasks));
    }
    return found;
  }
}

type Status = "RUNNING" | "STOPPED";

const askFor = ({ region, site: { cluster, service }, signal }: WantedService) => ({
  ...{ api: "ecs", region, doing: `list the tasks of ${cluster}/${service}`, signal },
});
