import { z } from "zod";

/** A value that AWS gave, or several of which only a person can say which one is meant. World time. */
export const FoundFact = z.object({
  value: z.json().optional(),
  choices: z.array(z.json()).optional(),
  atMs: z.number(),
});
export type FoundFact = z.infer<typeof FoundFact>;

/**
 * What was discovered, by subject and then by the name of the setting that it fills. A subject is the thing itself –
 * `rds-replica/eu-west-1/mycomputer-inventory-db` – and not its place in the file, so that a file may be rearranged.
 */
export const Found = z.record(z.string(), z.record(z.string(), FoundFact));
export type Found = Readonly<Record<string, Readonly<Record<string, FoundFact>>>>;

export const NOTHING_FOUND: Found = {};

/** What AWS said of a service's resources, so that a plan can be made while it says nothing. */
export const Remembered = z.strictObject({
  found: Found,
  /** World time. A service that left the file is asked about no more. */
  askedAtMs: z.number(),
});
export type Remembered = z.infer<typeof Remembered>;
