import type { World } from "../world/world.ts";
import type { Alarm, AlarmState } from "./alarm.ts";
import { alarmNotification } from "./alarm-notification.ts";
import type { Publication } from "./sns-topics.ts";
import type { AlarmSpec } from "./specs.ts";

/** The alarms of all regions. Their states change on command, not by evaluating metrics. */
export class Alarms {
  readonly #world: World;
  readonly #publish: (publication: Publication) => unknown;
  readonly #alarms = new Map<string, Alarm>();

  constructor(world: World, specs: readonly AlarmSpec[], publish: (publication: Publication) => unknown) {
    this.#world = world;
    this.#publish = publish;
    for (const spec of specs) this.put(spec, { state: "OK", reason: "Threshold not crossed" });
  }

  in(region: string): Alarm[] {
    return [...this.#alarms.values()].filter(({ spec }) => spec.region === region);
  }

  /** Creates the alarm, or replaces its configuration and keeps its state. */
  put(spec: AlarmSpec, initial: { readonly state: AlarmState; readonly reason: string }): void {
    const nowMs = this.#world.clock.now();
    const known = this.#alarms.get(keyOf(spec));
    this.#alarms.set(keyOf(spec), { ...initial, changedMs: nowMs, ...known, spec, configuredMs: nowMs });
  }

  /**
   * Changes a state and tells the topics of that state. Setting the present state again tells nobody, as in CloudWatch. `isLost`:
   * SNS gives up before anybody has the message.
   */
  set(
    { name, region }: { readonly name: string; readonly region: string },
    {
      state,
      reason,
      isLost = false,
    }: { readonly state: AlarmState; readonly reason: string; readonly isLost?: boolean },
  ): { readonly published: readonly string[] } {
    const before = this.#alarms.get(keyOf({ name, region }));
    if (!before) throw new Error(`There is no alarm ${name} in ${region}`);
    if (this.#world.regions.isUnreachable(region)) throw new Error(`${region} is unreachable and so is its CloudWatch`);
    if (before.state === state) return { published: [] };
    const after: Alarm = { ...before, state, reason, changedMs: this.#world.clock.now() };
    this.#alarms.set(keyOf({ name, region }), after);
    this.#world.log.append("cloudwatch.alarm", { name, region, state, oldState: before.state, reason });
    const published = isLost ? [] : actionsOf(after);
    for (const topicArn of published) {
      this.#publish({ topicArn, ...alarmNotification(after, before.state, this.in(region)) });
    }
    return { published };
  }
}

function keyOf({ name, region }: Pick<AlarmSpec, "name" | "region">): string {
  return `${region}/${name}`;
}

function actionsOf({ spec, state }: Alarm): readonly string[] {
  if (!spec.actionsEnabled) return [];
  const actions = { OK: spec.okActions, ALARM: spec.alarmActions, INSUFFICIENT_DATA: spec.insufficientDataActions };
  return actions[state];
}
