import type { z } from "zod";

/** An id that a door gave to an account or to a group of accounts. What it looks like and whose it is, only that door knows. */
export interface DoorId {
  /** The door's name. */
  readonly door: string;
  readonly id: string;
  /** Where it stands in the block of the file that names it. */
  readonly at: readonly (string | number)[];
}

/** Keys that doors add to a block of the file. Nobody else reads them: the block has what they named. */
export interface DoorKeys<Named = DoorId> {
  readonly keys: Readonly<Record<never, z.ZodType>>;
  named(block: object): readonly Named[];
}

/** The one workspace whose people are answered. */
export interface Workspace {
  readonly team: string;
  readonly enterprise?: string | undefined;
}

/** What the kinds of doors bring to the file. */
export interface DoorSchemas {
  /** Of a person. */
  readonly accounts: DoorKeys;
  /** Of `approvals`. */
  readonly groups: DoorKeys;
  readonly workspace: z.ZodType<Workspace>;
  /** A channel is a place and no person: its id proves nothing, is kept and handed on as it is. */
  readonly channel: z.ZodType<string>;
}
