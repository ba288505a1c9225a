/** Private addresses of tasks, by service. A task keeps those of its network interface until it ends, and no other task ever has its ARN. */
export class TaskAddresses {
  readonly #known = new Map<string, ReadonlyMap<string, readonly string[]>>();

  /** Undefined: it has not been told any. */
  of(service: string, arn: string): readonly string[] | undefined {
    return this.#known.get(service)?.get(arn);
  }

  /** `listed`: the tasks that there are; what is known of others is forgotten. */
  add(service: string, told: ReadonlyMap<string, readonly string[]>, listed: readonly string[]): void {
    const known = listed.flatMap((arn) => {
      const addresses = told.get(arn) ?? this.of(service, arn) ?? [];
      return addresses.length === 0 ? [] : [[arn, addresses] as const];
    });
    this.#known.set(service, new Map(known));
  }
}
