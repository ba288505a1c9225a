import type { LogEntry } from "../../simulators/world/log.ts";
import type { WorldClient } from "../world-client.ts";

const WIDTH = 100;
/** Columns of clock, place and speaker. */
const MARGIN = 45;
const MOST_LINES = 4;
const FOLLOW_EVERY_MS = 120;

export interface Speakers {
  /** Slack member ids to names, channel ids to `#name`. */
  readonly names: Map<string, string>;
}

/** Prints the world's log as a conversation: clock, place, speaker, words. On a terminal the run's progress is drawn in place. */
export class Transcript {
  readonly #world: Pick<WorldClient, "log">;
  readonly #speakers: Speakers;
  readonly #write: (text: string) => void;
  readonly #isTerminal: boolean;
  #seq = 0;
  #timer: NodeJS.Timeout | undefined;
  #progress = "";
  #drawn = false;
  #told = new Map<string, string>();

  constructor(
    world: Pick<WorldClient, "log">,
    speakers: Speakers,
    out: { write(text: string): unknown; isTTY?: boolean },
  ) {
    this.#world = world;
    this.#speakers = speakers;
    this.#write = (text) => void out.write(text);
    this.#isTerminal = out.isTTY === true;
  }

  async act(number: number, title: string): Promise<void> {
    await this.#turn();
    this.#line(`\n${"─".repeat(4)} ${number}. ${title} ${"─".repeat(Math.max(0, WIDTH - title.length - 9))}`);
  }

  say(text: string): void {
    this.#line(`           ${text}`);
  }

  follow(): void {
    this.#timer = setInterval(() => void this.#turn(), FOLLOW_EVERY_MS);
  }

  /** Tells the whole of a story, also of one that breaks off: nothing of ours keeps the process alive after it. */
  async during<T>(story: () => Promise<T>): Promise<T> {
    try {
      return await story();
    } finally {
      await this.stop();
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#turn();
    this.#line("");
  }

  #busy = false;
  async #turn(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    const entries = await this.#world.log("", this.#seq).catch(() => []);
    for (const entry of entries) {
      this.#seq = entry.seq;
      this.#tell(entry);
    }
    this.#busy = false;
  }

  #tell(entry: LogEntry): void {
    const { channel, name } = entry.facts;
    if (entry.kind === "slack.channel-created") this.#speakers.names.set(String(channel), `#${String(name)}`);
    const told = SENTENCES[entry.kind]?.(
      entry.facts,
      (id) => this.#speakers.names.get(id) ?? (id.startsWith("D") ? "direct message" : id),
    );
    if (!told) return;
    const [where, who, words] = told;
    if (who === "progress") {
      this.#drawProgress(entry, where, words);
      return;
    }
    // One message to several people is told once.
    const key = `${where}${who}${words}`;
    if (entry.kind.startsWith("slack.message") && this.#told.get(entry.kind) === key) return;
    this.#told.set(entry.kind, key);
    this.#paragraph({ worldMs: entry.worldMs, where, who }, words);
  }

  /** Clock, place and speaker once, the words beside them as far as they go. */
  #paragraph(
    { worldMs, where, who }: { readonly worldMs: number; readonly where: string; readonly who: string },
    words: string,
  ): void {
    const margin = " ".repeat(MARGIN);
    // Room for the sign that there is more.
    const lines = wrapped(words.replaceAll(/\s+/g, " "), WIDTH - MARGIN - 2);
    for (const [index, line] of lines.slice(0, MOST_LINES).entries()) {
      const isCut = index === MOST_LINES - 1 && lines.length > MOST_LINES;
      this.#line(`${index === 0 ? head(worldMs, where, who) : margin}${line}${isCut ? " …" : ""}`);
    }
  }

  #drawProgress(entry: LogEntry, where: string, words: string): void {
    const text = `${head(entry.worldMs, where, "TwoKey")}${words.slice(0, WIDTH - MARGIN)}`;
    if (words === this.#progress && !this.#isTerminal) return;
    this.#progress = words;
    if (!this.#isTerminal) {
      this.#line(text);
      return;
    }
    this.#write(`${this.#drawn ? "\r\u001b[2K" : ""}${text}`);
    this.#drawn = true;
  }

  #line(text: string): void {
    if (this.#drawn) this.#write("\n");
    this.#drawn = false;
    this.#write(`${text}\n`);
  }
}

type Told = readonly [where: string, who: string, words: string] | undefined;
type Tell = (facts: LogEntry["facts"], name: (id: string) => string) => Told;

const words = (value: unknown) =>
  typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);
const isProgress = (facts: LogEntry["facts"]) => words(facts["key"]).startsWith("progress:");
/** Who speaks at PagerDuty: the incident, or a run that waits for people. */
const pagedFor = ({ incidentKey }: LogEntry["facts"]) =>
  words(incidentKey).includes(":run:") ? "the plan" : "incident";
const WHY_IT_RINGS: Readonly<Record<string, string>> = {
  escalation: "on call",
  "responder-request": "asked for by TwoKey",
};
const FORMS: Readonly<Record<string, string>> = {
  "intent:approve": "agrees in words, and turns the key",
  "intent:resolve": "fills in what happened, and closes the incident",
};
/** One line of progress: its first sentence, without the name of the service, so that it fits. */
const progressLine = (text: string) => text.replace(/^Move \S+ to /, "Move to ").replace(/(?<=[.!?]) .*$/su, "");

/** The records that users ask for, without the mark that TwoKey writes beside each. */
const recordsOf = (names: unknown) =>
  [names]
    .flat()
    .map(words)
    .filter((name) => !name.startsWith("_twokey."))
    .map((name) => name.replace(/\. (?=\w+$)/, " "))
    .join(" and ");

/** What of the world's log is worth a stranger's time, and how it is said. */
const SENTENCES: Readonly<Record<string, Tell>> = {
  "world.region": ({ region, service, mode }) => [
    "world",
    service === undefined ? words(region) : `${words(service)} of ${words(region)}`,
    mode === "up" ? "answers again" : `is ${words(mode)}: nothing over there answers any more`,
  ],
  "cloudwatch.alarm": ({ region, name, state }) => ["CloudWatch", words(region), `${words(name)} is ${words(state)}`],
  "pagerduty.incident-created": (facts) => ["PagerDuty", pagedFor(facts), words(facts["title"])],
  "pagerduty.notified": ({ user, channel, reason }, name) =>
    channel === "phone"
      ? ["PagerDuty", name(words(user)), `the phone rings (${WHY_IT_RINGS[words(reason)] ?? words(reason)})`]
      : undefined,
  "pagerduty.acknowledged": (facts) => ["PagerDuty", pagedFor(facts), "acknowledged: no more phones ring"],
  "pagerduty.resolved": (facts) => [
    "PagerDuty",
    pagedFor(facts),
    pagedFor(facts) === "incident" ? "resolved" : "needs nobody any more",
  ],
  "slack.channel-created": ({ name: channel }) => ["Slack", "TwoKey", `opens #${words(channel)}`],
  "slack.message-posted": (facts, name) => [
    name(words(facts["channel"])),
    isProgress(facts) ? "progress" : "TwoKey",
    isProgress(facts) ? progressLine(words(facts["text"])) : words(facts["text"]),
  ],
  "slack.message-updated": (facts, name) =>
    isProgress(facts) ? [name(words(facts["channel"])), "progress", progressLine(words(facts["text"]))] : undefined,
  "slack.ephemeral": ({ user, text }, name) => [`to ${name(words(user))}`, "TwoKey", words(text)],
  "slack.person-acted": ({ kind, user, channel, text, label, callbackId }, name) => {
    if (kind === "command") return [name(words(channel)), name(words(user)), words(text)];
    if (kind === "click") return [name(words(channel)), name(words(user)), `presses “${words(label)}”`];
    return ["form", name(words(user)), FORMS[words(callbackId)] ?? "submits the form"];
  },
  "rds.promotion-accepted": ({ instance }) => ["AWS", "RDS", `promotion of ${words(instance)} accepted: no way back`],
  "rds.promotion-observable": ({ instance }) => ["AWS", "RDS", `${words(instance)} is a writer of its own`],
  "ecs.tasks-running": ({ region, running, desired }) =>
    running === desired ? ["AWS", "ECS", `${words(running)} tasks run in ${words(region)}`] : undefined,
  "route53.change-accepted": ({ names }) => ["AWS", "Route 53", `change of ${recordsOf(names)} accepted`],
  "route53.change-insync": ({ names }) => ["AWS", "Route 53", `all name servers have ${recordsOf(names)}`],
};

const head = (worldMs: number, where: string, who: string) =>
  `${clock(worldMs)}  ${padded(where, 18)} ${padded(who, 14)} `;

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line !== "" && line.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}

const padded = (text: string, width: number) =>
  text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width);
const clock = (worldMs: number) => `${new Date(worldMs).toISOString().slice(11, 19)}Z`;
