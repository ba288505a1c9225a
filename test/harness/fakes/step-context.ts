import type { Cloud, StepContext } from "../../../src/ports/step.ts";

/** What a step is given: the first attempt of the first hold of run F-1, unless said otherwise. */
export const contextIn = (cloud: Cloud, change: Partial<Omit<StepContext, "cloud">> = {}): StepContext => ({
  ...{ cloud, signal: new AbortController().signal, tries: 1, mayHaveAsked: false, outputOf: () => undefined },
  hold: { run: "F-1", epoch: 1 },
  ...change,
});
