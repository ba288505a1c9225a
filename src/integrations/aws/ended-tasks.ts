interface Seen {
  /** That were seen to have ended. */
  readonly arns: readonly string[];
  /** That ECS still lists: it forgets a task about an hour after its end. */
  readonly listed: readonly string[];
}

/** Tasks that were seen to have ended, by service: STOPPED is the end of a task, and no other task ever has its ARN. */
export class EndedTasks {
  readonly #known = new Map<string, ReadonlySet<string>>();

  has(service: string, arn: string): boolean {
    return this.#known.get(service)?.has(arn) === true;
  }

  add(service: string, { arns, listed }: Seen): void {
    const before = this.#known.get(service);
    this.#known.set(service, new Set([...listed.filter((arn) => before?.has(arn)), ...arns]));
  }
}
