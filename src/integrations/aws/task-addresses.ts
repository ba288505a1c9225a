/** Private addresses of tasks, by service. A task keeps those of its network interface until it ends, and no other task ever has its ARN. */
export class TaskAddresses {
  readonly #known = new Map<string, ReadonlyMap<string, readonly string[]>>();

  /** Undefined: it has not been told any. */
  of(service: string, arn: string): readonly string[] | undefined {
    return this.#known.get(service)?.get(arn);
  }

  /** Of all tasks that there are; what is known of others is forgotten. Whose addresses are not told yet is asked for again. */
  keep(service: string, told: ReadonlyMap<string, readonly string[] | undefined>): void {
    const known = [...told].flatMap(([arn, addresses = []]) =>
      addresses.length === 0 ? [] : [[arn, addresses] as const],
    );
    this.#known.set(service, new Map(known));
  }
}
