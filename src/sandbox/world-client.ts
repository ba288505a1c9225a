import { z } from "zod";
import { UserError } from "../domain/errors.ts";
import { SlackPeople } from "../simulators/slack/people.ts";
import type { FaultInput } from "../simulators/world/faults.ts";
import type { LogEntry } from "../simulators/world/log.ts";
import type { RegionMode } from "../simulators/world/regions.ts";

const Anchor = z.object({ worldMs: z.number(), machineMs: z.number(), speed: z.number() });
const Clock = Anchor.extend({ nowMs: z.number(), seed: z.number() });
const Entries = z.array(
  z.object({
    seq: z.number(),
    worldMs: z.number(),
    machineMs: z.number(),
    kind: z.string(),
    facts: z.record(z.string(), z.unknown()),
  }),
);
const Reads = z.array(z.looseObject({ count: z.number() }));
const Verdict = z.looseObject({
  acknowledged: z.number(),
  refused: z.number(),
  lostWrites: z.number(),
  oldestLostMs: z.number().nullable(),
  newestLostMs: z.number().nullable(),
  doubledWrites: z.number(),
  splitBrain: z.array(z.unknown()),
  firstGoodWriteAfter: z.number().nullable(),
  primary: z.string().nullable(),
});
export type Verdict = z.infer<typeof Verdict>;

/** Steers and judges a running world through its control port; a vendor's API never. */
export class WorldClient {
  readonly #origin: string;
  readonly people: SlackPeople;

  constructor(controlPort: number) {
    this.#origin = `http://127.0.0.1:${controlPort}`;
    this.people = new SlackPeople(this.#origin);
  }

  async anchor(): Promise<z.infer<typeof Anchor>> {
    return Anchor.parse(await this.get("/clock"));
  }

  async now(): Promise<number> {
    return Clock.parse(await this.get("/clock")).nowMs;
  }

  async jump(worldMs: number): Promise<void> {
    await this.post("/clock/jump", { worldMs });
  }

  async setSpeed(speed: number): Promise<void> {
    await this.post("/clock/speed", { speed });
  }

  async setRegion(region: string, mode: RegionMode): Promise<void> {
    await this.post("/regions", { region, mode });
  }

  /** Somebody changes a name at the DNS provider that is not Route 53. */
  /** Somebody else makes a call in the console, `ec2:AuthorizeSecurityGroupIngress` for instance. */
  async click(call: `${string}:${string}`, region: string, input: Readonly<Record<string, unknown>>): Promise<void> {
    const [service, operation] = call.split(":");
    await this.post("/aws/console", { service, operation, region, input });
  }

  async pointName(name: string, value: string): Promise<void> {
    await this.post("/dns/name", { name, value });
  }

  async planFault(fault: FaultInput): Promise<void> {
    await this.post("/faults", fault);
  }

  async raiseAlarm(region: string, name: string, reason: string): Promise<void> {
    await this.post("/cloudwatch/alarm", { region, name, state: "ALARM", reason });
  }

  /** How often the APIs of AWS were asked, without what changes something. */
  async awsReads(): Promise<number> {
    return Reads.parse(await this.get("/aws/reads")).reduce((sum, { count }) => sum + count, 0);
  }

  async log(kind = "", after = 0): Promise<LogEntry[]> {
    return Entries.parse(await this.get(`/log?after=${after}&kind=${encodeURIComponent(kind)}`));
  }

  /** Whoever is told of alarms and pages has moved: paths stay, and what is still to be delivered goes there too. */
  async sendWebhooksTo(origin: string): Promise<void> {
    await Promise.all([this.post("/sns/origin", { origin }), this.post("/pagerduty/webhooks/origin", { origin })]);
  }

  /** The first entry of this kind that fits; throws when there is none within `withinMs` of machine time. */
  async expectLog(kind: string, fits: (entry: LogEntry) => boolean, withinMs: number): Promise<LogEntry> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const found = (await this.log(kind)).find(fits);
      if (found) return found;
      if (Date.now() > deadline)
        throw new UserError("log-entry-missing", `Within ${withinMs} ms the world's log showed no ${kind} that fits`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  async verdict(application: string, afterMs: number): Promise<Verdict> {
    return Verdict.parse(await this.get(`/application/verdict?application=${application}&after=${afterMs}`));
  }

  async get(path: string): Promise<unknown> {
    return this.#ask("GET", path, undefined);
  }

  async post(path: string, body: unknown): Promise<unknown> {
    return this.#ask("POST", path, body);
  }

  async #ask(method: "GET" | "POST", path: string, body: unknown): Promise<unknown> {
    const answer = await fetch(`${this.#origin}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const value: unknown = await answer.json();
    if (!answer.ok) throw new UserError("world-refused", `${method} ${path}: ${JSON.stringify(value)}`);
    return value;
  }
}
