import { ago, type CardPart, spans } from "../domain/card/card.ts";
import { sayTime } from "../domain/duration.ts";
import { type AlarmReads, isUnread, type RegionRead } from "../domain/incident/alarm-reads.ts";
import { nameOfAlarm } from "../domain/incident/alert.ts";
import { inRoom, someOf } from "./room.ts";

const WHY: Readonly<Record<NonNullable<RegionRead["unread"]>, string>> = {
  unreachable: "AWS gives no answer",
  denied: "the role of TwoKey may not call cloudwatch:DescribeAlarms",
  absent: "AWS knows no such thing",
  failed: "AWS answers with an error",
  "not-asked": "nobody has asked",
};
const whyOf = ({ unread }: RegionRead) => WHY[unread ?? "not-asked"];

/** On the board, where the alarms of a region are unknown: none that is shown is not none that rings. */
export function unreadNotes(reads: AlarmReads | undefined, nowMs: number): CardPart[] {
  return Object.entries(reads?.regions ?? {}).flatMap(([region, read]): CardPart[] => {
    if (!isUnread(read, nowMs)) return [];
    const since = read.readAtMs === undefined ? spans`never read` : spans`last read at ${ago(read.readAtMs)}`;
    return [{ kind: "note", text: spans`Alarms of ${region}: unknown, ${since}. ${whyOf(read)}.` }];
  });
}

/** Alarms named in one sentence. */
const MOST_NAMED = 5;

interface Against {
  readonly alarms: readonly string[];
  readonly unknownIn: readonly string[];
  readonly down: readonly { readonly service: string; readonly gives: string }[];
  readonly plans: readonly string[];
}

/** What speaks against resolving an incident; undefined: nothing. */
export function sayAgainst({ alarms, unknownIn, down, plans }: Against): string | undefined {
  const names = alarms.map((arn) => inRoom(nameOfAlarm(arn), "name"));
  const sentences = [
    ...(names.length === 0 ? [] : [`Still in ALARM: ${someOf(names, MOST_NAMED)}.`]),
    ...(unknownIn.length === 0 ? [] : [`Unknown, as nobody can read them: the alarms in ${unknownIn.join(", ")}.`]),
    ...down.map(({ service, gives }) => `Users of ${service} get ${inRoom(gives, "name")}.`),
    ...plans.map((id) => `Plan ${id} still waits for keys.`),
  ];
  return sentences.length === 0 ? undefined : sentences.join(" ");
}

/** In the alerts channel, once. */
export function sayUnread(region: string, read: RegionRead, nowMs: number): string {
  const since = read.readAtMs === undefined ? "" : ` since ${sayTime(read.readAtMs, nowMs)}`;
  return `The states of the alarms in ${region} cannot be read${since}: ${whyOf(read)}. An alarm whose message was lost is not known meanwhile. TwoKey tries again.`;
}

export const sayReadAgain = (region: string): string => `The states of the alarms in ${region} can be read again.`;
