import type { World } from "../world/world.ts";
import type { AwsCall, AwsError, AwsOperation } from "./service.ts";

/**
 * What the world remembers of API calls. Mutations go to the log one by one: `aws.mutation` took effect (with
 * `answerLost` where the caller never learnt it, or a later `aws.answer-lost`), `aws.refused` was answered with an error, `aws.unanswered` had no
 * effect and no answer. Reads are only counted: `GET /aws/reads`.
 */
export class CallLog {
  readonly #world: World;
  readonly #reads = new Map<string, { service: string; operation: string; region: string; count: number }>();

  constructor(world: World) {
    this.#world = world;
    world.control.on("GET /aws/reads", () => [...this.#reads.values()]);
  }

  arrived(call: AwsCall, operation: AwsOperation): void {
    if (operation.mutates) return;
    const { service, operation: name, region } = call;
    const key = `${service} ${name} ${region}`;
    const seen = this.#reads.get(key) ?? { service, operation: name, region, count: 0 };
    seen.count += 1;
    this.#reads.set(key, seen);
  }

  accepted(call: AwsCall, operation: AwsOperation, loss: "hang" | "cut" | undefined): void {
    this.#append("aws.mutation", { call, operation }, { accepted: true, ...(loss ? { answerLost: true } : {}) });
  }

  /** The region went away between the effect and the answer; the mutation itself is in the log already. */
  answerLost(call: AwsCall, operation: AwsOperation): void {
    this.#append("aws.answer-lost", { call, operation }, {});
  }

  refused(call: AwsCall, operation: AwsOperation, error: AwsError): void {
    const { code, message, status } = error;
    this.#append("aws.refused", { call, operation }, { accepted: false, code, message, status });
  }

  unanswered(call: AwsCall, operation: AwsOperation, how: "hang" | "cut"): void {
    this.#append("aws.unanswered", { call, operation }, { accepted: false, how });
  }

  #append(
    kind: string,
    { call, operation }: { readonly call: AwsCall; readonly operation: AwsOperation },
    outcome: Record<string, unknown>,
  ): void {
    if (!operation.mutates) return;
    const { accessKeyId: _notOfInterest, ...facts } = call;
    this.#world.log.append(kind, { ...facts, ...outcome });
  }
}
