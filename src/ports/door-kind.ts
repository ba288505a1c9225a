import type { z } from "zod";
import type { DoorName } from "../domain/event.ts";
import type { DoorId, DoorKeys, DoorSchemas } from "../domain/people/door-ids.ts";

/** One kind of door at which people have accounts: what it adds to `twokey.yaml`. */
export interface DoorKind {
  readonly name: DoorName;
  /** As people call it. */
  readonly label: string;
  /** A person's accounts there, the one by which they are reached first. */
  readonly accounts: DoorKeys<InBlock>;
  /** A group there that narrows who may turn keys. */
  readonly groups: DoorKeys<InBlock>;
  /** Whose account it is where no human has it, such as a bot's; undefined: it may be somebody's. */
  machineOf(account: string): string | undefined;
  /** What to write for somebody's account. */
  readonly writeAccount: string;
}

type InBlock = Omit<DoorId, "door">;

/** A door whose channels are rooms and alert threads. */
export interface ChatKind extends DoorKind {
  readonly workspace: DoorSchemas["workspace"];
  readonly channel: z.ZodType<string>;
}
