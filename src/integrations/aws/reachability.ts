/** Machine time for which a silence says something of now, where nobody has asked since. */
const LATELY_MS = 60_000;

/**
 * Remembers which endpoints (one API in one region) gave no answer, so that reads do not each wait for it again.
 *
 *     asked ── answer ──▶ (nothing remembered)
 *       └──── silence ──▶ silent until T ── after T, one look goes through ──▶ asked
 *
 * Kept per API and region, not per region: one stuck API must not make its neighbours look dark.
 */
export class Reachability {
  readonly #rememberMs: number;
  readonly #now: () => number;
  readonly #silent = new Map<string, { readonly sinceMs: number; readonly lastMs: number; untilMs: number }>();

  /** Both in machine time. */
  constructor(rememberMs: number, now: () => number = () => performance.now()) {
    this.#rememberMs = rememberMs;
    this.#now = now;
  }

  /** Machine milliseconds of silence where the endpoint is not worth asking now; undefined where it is. */
  silenceOf(endpoint: string): number | undefined {
    const silence = this.#silent.get(endpoint);
    if (!silence) return undefined;
    const now = this.#now();
    if (now < silence.untilMs) return now - silence.sinceMs;
    // This look is the probe; the others wait for what it finds.
    silence.untilMs = now + this.#rememberMs;
    return undefined;
  }

  /** Whether it gave no answer lately, and none since: also where it is worth asking again. */
  isSilent(endpoint: string): boolean {
    const silence = this.#silent.get(endpoint);
    return silence !== undefined && this.#now() - silence.lastMs <= LATELY_MS;
  }

  /** It was this process that reached nobody. */
  forget(): void {
    this.#silent.clear();
  }

  answered(endpoint: string): void {
    this.#silent.delete(endpoint);
  }

  silent(endpoint: string): void {
    const now = this.#now();
    const sinceMs = this.#silent.get(endpoint)?.sinceMs ?? now;
    this.#silent.set(endpoint, { sinceMs, lastMs: now, untilMs: now + this.#rememberMs });
  }
}
