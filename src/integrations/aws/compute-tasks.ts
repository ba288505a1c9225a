import { z } from "zod";
import type { Region } from "../../domain/service/service.ts";
import type { ComputeSite } from "../../ports/compute.ts";
import type { Lookups } from "./lookups.ts";
import type { TaskList } from "./lookups-ecs.ts";

export interface WantedService {
  readonly region: Region;
  readonly site: Pick<ComputeSite, "cluster" | "service">;
  readonly signal?: AbortSignal | undefined;
}

const Task = z.object({
  taskArn: z.string(),
  lastStatus: z.string(),
  stoppedReason: z.string().optional(),
  attachments: z
    .array(
      z.object({
        status: z.string().optional(),
        details: z.array(z.object({ name: z.string(), value: z.string().optional() })).default([]),
      }),
    )
    .default([]),
});
export type Task = z.infer<typeof Task>;

/** Tasks of one ECS service. All throw CallFailed. */
export class TaskReader {
  readonly #lookups: Lookups;

  constructor(lookups: Lookups) {
    this.#lookups = lookups;
  }

  async all(wanted: WantedService, status: TaskList): Promise<readonly Task[]> {
    return this.#described(wanted, await this.#listed(wanted, status));
  }

  /** Private addresses of the network interfaces of those that run: what an awsvpc service registers as targets. */
  async addresses(wanted: WantedService): Promise<readonly string[]> {
    const { addresses } = this.#lookups;
    const key = keyOf(wanted);
    const listed = await this.#listed(wanted, "RUNNING");
    // Another look, which lists fewer, may forget some of these meanwhile.
    const told = new Map(listed.map((arn) => [arn, addresses.of(key, arn)]));
    const found = await this.#described(
      wanted,
      listed.filter((arn) => !told.get(arn)),
    );
    for (const task of found) told.set(task.taskArn, addressesOf(task));
    addresses.keep(key, told);
    return [...told.values()].flatMap((each) => each ?? []);
  }

  /** How many have not ended. Those that have been told to stop are listed apart, whatever they still do. */
  async left(wanted: WantedService): Promise<number> {
    return (await this.#notEnded(wanted)).length;
  }

  /** How many of them have an address of their subnet, which their interface gives back before they end. */
  async holding(wanted: WantedService): Promise<number> {
    return (await this.#notEnded(wanted)).filter(holdsAddress).length;
  }

  async #notEnded(wanted: WantedService): Promise<readonly Task[]> {
    const { ended } = this.#lookups;
    const key = keyOf(wanted);
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
    return found.filter(({ lastStatus }) => lastStatus !== "STOPPED");
  }

  async #listed({ region, site: { cluster, service }, signal }: WantedService, list: TaskList) {
    const wish = { id: `${list} ${service}`, doing: sayTasks(cluster, service), signal };
    return (await this.#lookups.taskLists(region, cluster).ask(wish)) ?? [];
  }

  async #described(
    { region, site: { cluster, service }, signal }: WantedService,
    arns: readonly string[],
  ): Promise<readonly Task[]> {
    const wish = { doing: sayTasks(cluster, service), signal };
    return z.array(Task).parse(await this.#lookups.tasks(region, cluster).askEach(arns, wish));
  }
}

const keyOf = ({ region, site: { cluster, service } }: WantedService): string => `${region}/${cluster}/${service}`;

const sayTasks = (cluster: string, service: string): string => `list the tasks of ${cluster}/${service}`;

const holdsAddress = (task: Task): boolean =>
  addressesOf(task).length > 0 && !task.attachments.every(({ status }) => status === "DELETED");

function addressesOf({ attachments }: Task): string[] {
  return attachments
    .flatMap(({ details }) => details)
    .flatMap(({ name, value }) => (name === "privateIPv4Address" && value !== undefined ? [value] : []));
}
