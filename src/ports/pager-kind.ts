import type { z } from "zod";
import type { PagerTraits } from "../domain/incident/pager-traits.ts";
import type { Person } from "../domain/people/person.ts";
import type { TwoKeyFile } from "../domain/service/twokey-file.ts";

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

/** One kind of pager: everything that TwoKey knows of it, found by its name. */
export interface PagerKind {
  /** Its key under `pagers`, and in everything that is stored about a page. */
  readonly name: string;
  readonly traits: PagerTraits;
  /** Its block of `twokey.yaml`. */
  readonly settings: z.ZodType;
  /** A person's own id there, under `pagers` of the person; absent: it reaches people by what the file says anyhow. */
  readonly personId?: z.ZodType<string>;
  /** What an audience may name there; absent: people only. */
  readonly policy?: z.ZodType<string>;
  readonly rules: readonly PagerRule[];
  /** Where it reaches this person; undefined: nowhere. */
  addressOf(person: Pick<Person, "pagers" | "email">): string | undefined;
}
