import { type FaultName, WAITS_FOR_ITS_CALL } from "./fault-names.ts";
import { BEGIN, type Begun, type Scene } from "./faults.ts";
import type { FaultPlan } from "./world.ts";

/** Begins each fault of a world at its moment, ends it in its time, and knows which ones were really met. */
export class FaultSchedule {
  readonly #scene: Scene;
  readonly #waiting: Set<FaultPlan>;
  readonly #begun: { readonly name: FaultName; readonly begun: Begun }[] = [];
  readonly #acts = new Set<Promise<void>>();
  #open = 0;
  #lastEndMs = 0;

  constructor(scene: Scene, plans: readonly FaultPlan[]) {
    this.#scene = scene;
    this.#waiting = new Set(plans);
  }

  /** A moment has come: `start`, a step's intent, `verified`. */
  reached(moment: string): void {
    for (const plan of [...this.#waiting].filter(({ from }) => moment.startsWith(from))) {
      this.#waiting.delete(plan);
      if (!WAITS_FOR_ITS_CALL.has(plan.name)) this.#open += 1;
      this.#clock.after(plan.plusSeconds * 1_000, () => this.#act(this.#begin(plan)));
    }
  }

  /** Nothing that was begun lasts any more. Its moment may never have come for another one. */
  get isOver(): boolean {
    return this.#open === 0;
  }

  get lastEndMs(): number {
    return this.#lastEndMs;
  }

  get hits(): readonly FaultName[] {
    return this.#begun.filter(({ begun }) => begun.isHit()).map(({ name }) => name);
  }

  async end(): Promise<void> {
    await Promise.all(this.#acts);
  }

  get #clock() {
    return this.#scene.at.whole.world.clock;
  }

  #act(act: Promise<void>): void {
    const watched = act.finally(() => this.#acts.delete(watched));
    this.#acts.add(watched);
  }

  async #begin(plan: FaultPlan): Promise<void> {
    const { log } = this.#scene.at.whole.world;
    log.append("worlds.fault-begun", { ...plan });
    const begun = await BEGIN[plan.name](this.#scene, plan);
    this.#begun.push({ name: plan.name, begun });
    const over = () => {
      if (WAITS_FOR_ITS_CALL.has(plan.name)) return;
      this.#open -= 1;
      this.#lastEndMs = this.#clock.now();
      log.append("worlds.fault-ended", { name: plan.name });
    };
    const { end } = begun;
    if (!end) return over();
    this.#clock.after(plan.lastsSeconds * 1_000, () => this.#act(Promise.resolve(end()).then(over)));
  }
}
