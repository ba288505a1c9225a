import { type Stage, type StageOptions, startStage } from "../stage.ts";
import type { Bench, Measurement } from "./measurement.ts";

/** A stage for one measurement, which is gone when it ends, however it ends. */
export async function onStage<T>(
  { config, seed, inherited, logger }: Bench,
  {
    measurement: { speed, injected },
    options = {},
  }: {
    readonly measurement: Pick<Measurement, "speed" | "injected">;
    readonly options?: Partial<Pick<StageOptions, "bots" | "webhooks">> | undefined;
  },
  play: (stage: Stage) => Promise<T>,
): Promise<T> {
  const stage = await startStage({ bots: 1, config, seed, inherited, logger, speed, latency: injected, ...options });
  try {
    return await play(stage);
  } finally {
    await stage.stop();
  }
}
