import { alarmArn } from "../../simulators/aws/alarm.ts";
import type { MetricAlarmSpec } from "../../simulators/aws/specs.ts";
import { isStill } from "./idle.ts";
import { type Playing, soon } from "./playing.ts";

/** Machine times. */
const TAKEN_IN_WITHIN_MS = 30_000;
/** World time. */
const SNS_TRIES_AGAIN_AFTER_MS = 20_000;
const EVALUATED_EVERY_MS = 10_000;

export interface SoakAlarm {
  /** Into ALARM and back again, one after the other. */
  change(): Promise<void>;
  /** Resolves when the bot knows every change: no jump may make a message older than it is. */
  takenIn(): Promise<void>;
}

export function soakAlarm(spec: MetricAlarmSpec, { stage, stores }: Playing): SoakAlarm {
  const { region, name } = spec;
  let changes = 0;
  return {
    async change() {
      const state = changes % 2 === 0 ? "ALARM" : "OK";
      // CloudWatch looks at an alarm every ten seconds at most.
      if (changes > 0) await stage.jump(EVALUATED_EVERY_MS);
      changes += 1;
      await stage.world.post("/cloudwatch/alarm", { region, name, state, reason: `${state} by the soak` });
    },
    async takenIn() {
      const isKnown = async () =>
        ((await stores.alerts.get(alarmArn(spec)))?.value.signals ?? 0) >= changes ? true : undefined;
      // To a bot that had not heard of the last jump yet the message came from the future: it refused it, and SNS tries again.
      const triesAgain = async () => {
        if (await isStill(stage)) await stage.jump(SNS_TRIES_AGAIN_AFTER_MS);
      };
      await soon(`change ${changes} of ${name}`, { withinMs: TAKEN_IN_WITHIN_MS, passing: triesAgain }, isKnown);
    },
  };
}
