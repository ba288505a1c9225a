import type { Agent, AgentOptions } from "node:http";
import type { z } from "zod";
import type { PagerTraits } from "../domain/incident/pager-traits.ts";
import type { Person } from "../domain/people/person.ts";
import type { Secret } from "../domain/secret.ts";
import type { TwoKeyFile } from "../domain/service/twokey-file.ts";
import type { Budget } from "./budget.ts";
import type { Clock } from "./clock.ts";
import type { HintSource } from "./hints.ts";
import type { Pager } from "./pager.ts";

/** Something in the file that makes no sense for this kind. */
export interface PagerFinding {
  readonly path: readonly (string | number)[];
  readonly what: string;
  readonly instead: string;
}

export interface PagerRule {
  readonly name: string;
  readonly severity: "error" | "warning";
  /** The reason in one sentence; printed on the reference page. */
  readonly because: string;
  check(file: Pick<TwoKeyFile, "pagers" | "people" | "audiences">): readonly PagerFinding[];
}

/** A variable of the environment that a kind reads. The value is a text of this form. */
export interface PagerVariable {
  readonly name: string;
  readonly form: RegExp;
  /** Begins with `must`. */
  readonly message: string;
  readonly about: string;
  /** `sandbox`: where the simulated one stands; needed there, and refused elsewhere. */
  readonly need: "required" | "optional" | "sandbox";
}

/** What a pager is made from. */
export interface PagerParts {
  /** What the kind's schema read from the file. */
  readonly settings: unknown;
  /** The kind's own variables, those that are set. */
  readonly variables: Readonly<Record<string, Secret>>;
  /** Connections for HTTP that leaves through a proxy; absent, or undefined: directly, by the kind's own. */
  readonly agent?: (options: AgentOptions) => Agent | undefined;
  readonly budget: Budget;
  readonly clock: Pick<Clock, "now">;
}

/** One kind of pager: everything that TwoKey knows of it, found by its name. */
export interface PagerKind {
  /** Its key under `pagers`, and in everything that is stored about a page. */
  readonly name: string;
  readonly traits: PagerTraits;
  /** Its block of `twokey.yaml`, with an example that editors show. */
  readonly settings: z.ZodType;
  /** A person's own id there, under `pagers` of the person; absent: it reaches people by what the file says anyhow. */
  readonly personId?: z.ZodType<string>;
  /** What an audience may name there; absent: people only. */
  readonly policy?: z.ZodType<string>;
  readonly rules: readonly PagerRule[];
  readonly variables: readonly PagerVariable[];
  /** Where it reaches this person; undefined: nowhere. */
  addressOf(person: Pick<Person, "pagers" | "email">): string | undefined;
  /** Throws UserError when it cannot be made from these. */
  open(parts: PagerParts): Pager;
  /** Hints that it sends by webhook; absent: it sends none. */
  hints?(variables: PagerParts["variables"]): HintSource;
}
