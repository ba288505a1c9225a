import type { Person } from "../../../src/domain/people/person.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import type {
  Asked,
  CallRequest,
  KeepingPager,
  PageRequest,
  Pager,
  PagerAnswer,
  PagerIncident,
  Pagers,
} from "../../../src/ports/pager.ts";
import { testClock } from "./clock.ts";

/** How the outside answers the next call: well, lost after it happened, lost before it happened, or not now. */
export type Weather = "fine" | "answer-lost" | "request-lost" | "busy";

const unused = (): Promise<never> => Promise.reject(new Error("nobody asks for this"));
export const ACCEPTED = { kind: "accepted", value: undefined } as const;
export const ASKED = { kind: "accepted", value: { covered: [] } } as const;

/** Where a test says what is answered: calls are accepted, and what it does not say is an error. */
const UNSAID = {
  call: async () => ASKED,
  ...{ trigger: unused, acknowledge: unused, resolve: unused, evidence: unused, whoIsOnCall: unused },
};

/** A pager that keeps what it was asked, and de-duplicates as PagerDuty does; or one that answers what the test `says`, and no more. */
export class RecordedPager implements KeepingPager {
  readonly triggers: { readonly key: string; readonly atMs: number; readonly page: PageRequest }[] = [];
  readonly responders: { readonly request: CallRequest; readonly atMs: number }[] = [];
  readonly resolved: { readonly key: string; readonly atMs: number }[] = [];
  readonly acknowledged: { readonly key: string; readonly atMs: number }[] = [];
  /** When somebody asked how an incident stands there. */
  readonly readAtMs: number[] = [];
  readonly incidents = new Map<string, PagerIncident>();
  readonly name = "pagerduty";
  readonly clock: Clock;
  weather: () => Weather = () => "fine";
  refuseTriggers: boolean = false;
  /** Accepted and without effect: a 202 only promises. */
  losesTriggers: boolean = false;
  /** With each incident it rings somebody of its own, whom our file does not list. */
  rings: boolean = true;
  /** Users and policies that the pager rings by itself with a trigger. */
  ringsWithTrigger: readonly string[] = [];
  onCallNow: { policy: string; pagerUserId: string; name: string }[] = [];

  constructor(clock: Clock, says?: Partial<KeepingPager>) {
    this.clock = clock;
    if (says) Object.assign(this, UNSAID, says);
  }

  /** Runs while a request is on its way. */
  onTheWay: () => Promise<void> = () => Promise.resolve();

  addressOf({ pagers }: Pick<Person, "pagers">): string | undefined {
    return pagers[this.name];
  }

  close(): void {}

  private async asked<T>(happens: () => T): Promise<PagerAnswer<T>> {
    await this.onTheWay();
    const weather = this.weather();
    if (weather === "busy") return { kind: "retry", afterMs: 1_000, why: "too many requests" };
    if (weather === "request-lost") return { kind: "unknown", why: "connection reset" };
    const value = happens();
    await new Promise((resolve) => setImmediate(resolve));
    return weather === "answer-lost" ? { kind: "unknown", why: "connection reset" } : { kind: "accepted", value };
  }

  async trigger(page: PageRequest): Promise<PagerAnswer> {
    if (this.refuseTriggers) return { kind: "rejected", code: "invalid", why: "the routing key is not valid" };
    return await this.asked(() => {
      this.triggers.push({ key: page.dedupKey, atMs: this.clock.now(), page });
      if (this.losesTriggers) return undefined;
      const known = this.incidents.get(page.dedupKey);
      if (known && known.status !== "resolved") return undefined;
      const id = `Q${this.incidents.size + 1}`;
      this.incidents.set(page.dedupKey, {
        id,
        status: "triggered",
        url: undefined,
        createdAtMs: this.clock.now(),
        acknowledgedBy: [],
        notifications: this.rings ? [{ user: "PONCALL", channel: "phone", atMs: this.clock.now() }] : [],
      });
      return undefined;
    });
  }

  set(key: string, patch: Partial<PagerIncident>): void {
    const known = this.incidents.get(key);
    if (known) this.incidents.set(key, { ...known, ...patch });
  }

  async acknowledge(key: string): Promise<PagerAnswer> {
    return await this.asked(() => {
      this.acknowledged.push({ key, atMs: this.clock.now() });
      if (this.incidents.get(key)?.status === "triggered") this.set(key, { status: "acknowledged" });
      return undefined;
    });
  }

  async resolve(key: string): Promise<PagerAnswer> {
    return await this.asked(() => {
      this.resolved.push({ key, atMs: this.clock.now() });
      this.set(key, { status: "resolved" });
      return undefined;
    });
  }

  async call(request: CallRequest): Promise<PagerAnswer<Asked>> {
    if (!this.incidents.has(request.dedupKey)) return { kind: "retry", afterMs: 1_000, why: "no incident yet" };
    return await this.asked(() => {
      const isKnown = this.responders.some((asked) => asked.request.pageKey === request.pageKey);
      const rung = request.besidesTrigger ? this.ringsWithTrigger : [];
      const isAwake = (id: string) => !rung.includes(id);
      const [users, policies] = [request.users.filter(isAwake), request.policies.filter(isAwake)];
      if (!isKnown && users.length + policies.length > 0)
        this.responders.push({ request: { ...request, users, policies }, atMs: this.clock.now() });
      return { covered: [...request.users, ...request.policies].filter((id) => rung.includes(id)) };
    });
  }

  async evidence(key: string): Promise<PagerAnswer<PagerIncident | undefined>> {
    this.readAtMs.push(this.clock.now());
    return await this.asked(() => this.incidents.get(key));
  }

  async whoIsOnCall(policies: readonly string[]) {
    return await this.asked(() =>
      this.onCallNow
        .filter(({ policy }) => policies.includes(policy))
        .map((entry) => ({ ...entry, policyName: entry.policy, level: 1, untilMs: undefined })),
    );
  }
}

/**
 * A pager that only tells people, by their mail address: it keeps what it was asked, and answers as told. `as`: what it has of another one,
 * such as the kind's own way to an address.
 */
export function recordedMail(as: Partial<Omit<Pager, "call">> = {}) {
  const calls: CallRequest[] = [];
  const answer: { now: PagerAnswer<Asked> } = { now: ASKED };
  const call = async (request: CallRequest) => {
    calls.push(request);
    return answer.now;
  };
  const pager: Pager = { name: "mail", addressOf: ({ email }) => email, close: () => undefined, ...as, call };
  return { pager, calls, answer };
}

/** A pager of which a test says what it uses, and the others beside it. */
export const pagersWith = (says: Partial<KeepingPager>, others: readonly Pager[] = []): Pagers => ({
  keeper: new RecordedPager(testClock(), says),
  others,
});
