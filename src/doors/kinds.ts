import type { ChatKind, DoorKind } from "../ports/door-kind.ts";
import { slack } from "./slack/kind.ts";

/** Every kind of door at which people have accounts. A kind is one folder here and one line in this table. */
export const DOORS: readonly DoorKind[] = [slack];

/** The one whose channels are rooms and alert threads. */
export const CHAT: ChatKind = slack;
