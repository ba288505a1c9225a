import { KeptTimes, type Likeness, withTime } from "../domain/plan-run/learned-times.ts";
import type { Documents } from "../ports/documents.ts";
import type { LearnedTimes, TimesOf } from "../ports/learned-times.ts";
import type { DocumentKind } from "./documents.ts";

/** One document for each kind of step and region; begun again it only forgets what is learned anew. */
export const STEP_TIMES: DocumentKind<KeptTimes> = {
  ...{ kind: "step-times", version: 1, schema: KeptTimes, unreadable: "begins-again", isOpen: () => false },
  settledAtMs: ({ times }) => times.at(-1)?.atMs,
};

export function createLearnedTimes(documents: Documents<KeptTimes>, whose: TimesOf): LearnedTimes {
  const idOf = ({ does, region, alike }: Likeness) =>
    [whose, does, region, ...(alike === undefined ? [] : [alike])].join(":");
  return {
    of: async (likeness) => (await documents.get(idOf(likeness)))?.value.times ?? [],
    async add(likeness, time) {
      await documents.change(idOf(likeness), (current) => {
        const value = withTime(current?.times ?? [], time);
        return value && { value, events: [] };
      });
    },
  };
}
