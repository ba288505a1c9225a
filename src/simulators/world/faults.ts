import { z } from "zod";

/**
 * One planned misbehaviour of a vendor, taken by the calls that match it.
 * `drop-before`: the connection is cut and nothing happened. `drop-after`: it happened, but the answer is lost.
 * `hang`: no answer, nothing happened. `hang-after`: it happened, no answer. `error`: the vendor's own error.
 */
export const Fault = z.strictObject({
  vendor: z.enum(["aws", "slack", "pagerduty", "mail", "dns", "app"]),
  /** Operation or method, for example `PromoteReadReplica`, `chat.postMessage`, `enqueue`; `*` for all. */
  operation: z.string().default("*"),
  /** Of `dns` the server: `name-server`, `vpc-resolver`, `resolver-1` and so on. */
  region: z.string().optional(),
  /** Only calls one of whose parameters, however deep, is exactly this: the name of a database among several. Of `aws` and `pagerduty` only. */
  parameter: z.string().optional(),
  effect: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("drop-before") }),
    z.strictObject({ kind: z.literal("drop-after") }),
    z.strictObject({ kind: z.literal("hang") }),
    z.strictObject({ kind: z.literal("hang-after") }),
    z.strictObject({ kind: z.literal("delay"), machineMs: z.number().int().nonnegative() }),
    z.strictObject({
      kind: z.literal("error"),
      status: z.number().int(),
      code: z.string(),
      message: z.string().default("Injected by the simulated world"),
      retryAfterSeconds: z.number().optional(),
    }),
  ]),
  /** Share of the matching calls that take it, evenly spread; absent: all. */
  share: z.number().positive().max(1).optional(),
  /** How many matching calls take it; absent means every one until it is cleared. */
  times: z.number().int().positive().optional(),
});
export type Fault = z.infer<typeof Fault>;
export type FaultInput = z.input<typeof Fault>;

/** A fault that was planned: how many calls have taken it so far, and its end. */
export interface PlannedFault {
  readonly taken: number;
  cancel(this: void): void;
}

interface Entry {
  readonly fault: Fault;
  /** Calls that matched, whether they took it or not. */
  met: number;
  taken: number;
}

/** What is known of a call besides its operation. */
interface Where {
  readonly region?: string | undefined;
  /** Its parameters. */
  readonly input?: unknown;
}

const hasParameter = (input: unknown, value: string): boolean =>
  typeof input === "object" && input !== null
    ? Object.values(input).some((each) => hasParameter(each, value))
    : input === value;

export class Faults {
  #planned: Entry[] = [];

  plan(input: FaultInput): PlannedFault {
    const entry: Entry = { fault: Fault.parse(input), met: 0, taken: 0 };
    this.#planned.push(entry);
    return {
      get taken() {
        return entry.taken;
      },
      cancel: () => {
        this.#planned = this.#planned.filter((other) => other !== entry);
      },
    };
  }

  clear(): void {
    this.#planned = [];
  }

  /** The first planned fault that matches this call, counted as taken. */
  take(vendor: Fault["vendor"], operation: string, { region, input }: Where = {}): Fault["effect"] | undefined {
    const entry = this.#planned.find(
      ({ fault, taken }) =>
        fault.vendor === vendor &&
        (fault.operation === "*" || fault.operation === operation) &&
        (fault.region === undefined || fault.region === region) &&
        (fault.parameter === undefined || hasParameter(input, fault.parameter)) &&
        (fault.times === undefined || taken < fault.times),
    );
    if (!entry) return undefined;
    const { share = 1 } = entry.fault;
    entry.met += 1;
    if (Math.floor(entry.met * share) === Math.floor((entry.met - 1) * share)) return undefined;
    entry.taken += 1;
    return entry.fault.effect;
  }
}
