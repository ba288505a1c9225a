import { planned } from "../../../../ports/step.ts";
import { storedStep } from "../../../../ports/stored-step.ts";
import { defineKind } from "../../kind.ts";
import { checkAnswer } from "./check-answer.ts";
import { ABOUT, None } from "./settings.ts";

type Seen = Record<string, never>;

/** There is nothing to look at, to stop or to start; the new side is still asked before users come. */
export const none = defineKind<None, Seen>({
  ...{ kind: "none", role: "compute", settings: None, isByRegion: false },
  about: ABOUT,
  // No rule of its own: it has no settings that could contradict anything. What it leaves unchecked is said in each plan.
  ...{ subjects: () => [], records: () => [], lint: [], parts: {}, permits: () => [], looks: [] },
  look: async () => ({}),
  tell: () => ({ in: {}, facts: [] }),
  readiness: () => undefined,
  identity: () => [],
  compute: {
    refusals: () => [],
    unchecked: ({ service }, { to }) => [
      `whether what uses ${service.name} runs in ${to}: TwoKey starts nothing of it`,
    ],
    reachedBy: () => "unknown",
    isHealthyEarly: () => false,
    prepare: () => undefined,
    prove({ service }, { to: region, via, url, byHandFirst, ledBy }, { id, after }) {
      if (via === undefined) return undefined;
      const input = { region, service: service.name, url, via, byHandFirst: [...byHandFirst], ledBy };
      return planned(checkAnswer, { id: id("check-direct"), after, input });
    },
  },
  steps: [storedStep(checkAnswer)],
});
