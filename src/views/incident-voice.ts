import { type Card, sentenceCard } from "../domain/card/card.ts";
import type { Event } from "../domain/event.ts";
import type { Incident, UpdateFields } from "../domain/incident/incident.ts";
import { noChannelCard, pageCard } from "./page.ts";
import { resolutionAddedCard, resolutionCard, resolutionLeftCard } from "./resolution.ts";
import { timelineCard } from "./timeline.ts";
import { initialCard, updateCard } from "./update.ts";

/** Everything that is posted once about an incident. */
export const incidentVoice = {
  initial: (incident: Incident): Card => initialCard(incident),
  note: (_incident: Incident, says: string): Card => sentenceCard(says),
  noChannel: (incident: Incident, why: string): Card => noChannelCard(incident, why),
  page: pageCard,
  update: (incident: Incident, update: { number: number; fields: UpdateFields; late: boolean }): Card =>
    updateCard(incident, update),
  resolution: resolutionCard,
  resolutionAdded: resolutionAddedCard,
  resolutionLeft: resolutionLeftCard,
  timeline: (incident: Incident, events: readonly Event[]): Card => timelineCard(incident, events),
};
