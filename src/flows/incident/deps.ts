import { z } from "zod";
import type { Card } from "../../domain/card/card.ts";
import type { CardDue, CardRequest } from "../../domain/card/card-due.ts";
import type { Event } from "../../domain/event.ts";
import type { Incident, UpdateFields } from "../../domain/incident/incident.ts";
import type { PageCopy } from "../../domain/incident/page-copy.ts";
import type { Inventory } from "../../domain/service/inventory.ts";
import type { Chat } from "../../ports/chat.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Documents } from "../../ports/documents.ts";
import type { Pagers } from "../../ports/pager.ts";
import type { Wake } from "../../ports/wake.ts";
import type { Correlation } from "./intake/correlate.ts";

/** What one person or policy was paged with over all incidents; one document for each and queue, rows older than the window dropped. */
export const ThrottleBook = z.strictObject({ taken: z.array(z.strictObject({ key: z.string(), atMs: z.number() })) });
export type ThrottleBook = z.infer<typeof ThrottleBook>;

/** What TwoKey says about an incident; pure, so that a repeat says the same. */
export interface IncidentVoice {
  initial(incident: Incident): Card;
  note(incident: Incident, says: string): Card;
  /** For who declared it. `why`: what the chat said. */
  noChannel(incident: Incident, why: string): Card;
  page(incident: Incident, copy: Pick<PageCopy, "why" | "ladder">): Card;
  update(
    incident: Incident,
    update: { readonly number: number; readonly fields: UpdateFields; readonly late: boolean },
  ): Card;
  resolution(incident: Incident): Card;
  /** What was added to it, by its place in the list. */
  resolutionAdded(incident: Incident, index: number): Card;
  /** What nobody has written yet. */
  resolutionLeft(incident: Incident): Card;
  timeline(incident: Incident, events: readonly Event[]): Card;
}

/** Everything the duties of an incident need of the outside. */
export interface IncidentDeps {
  readonly incidents: Documents<Incident>;
  readonly correlation: Documents<Correlation>;
  readonly cards: Documents<CardDue>;
  readonly throttle: Documents<ThrottleBook>;
  readonly chat: Chat;
  readonly pagers: Pagers;
  readonly clock: Clock;
  readonly wake: Pick<Wake, "incidentPages" | "incidentChat" | "card">;
  /** Wants a card and sends it at once if nobody else is at it; resolves when that was tried. Throws what the store throws. */
  showCard(request: CardRequest): Promise<void>;
  readonly voice: IncidentVoice;
  readonly inventory: () => Inventory;
  /** Status, progress, challenges and ETA as they are now, for the next update; none empty. */
  facts(incident: Incident): Promise<UpdateFields>;
  /** Everything that happened in this incident so far, oldest first. */
  timeline(incidentId: string): Promise<readonly Event[]>;
}
