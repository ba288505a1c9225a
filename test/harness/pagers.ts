import type { KeepingPager, Pager, Pagers } from "../../src/ports/pager.ts";

const unused = (): Promise<never> => Promise.reject(new Error("nobody asks for this"));
export const ACCEPTED = { kind: "accepted", value: undefined } as const;
export const ASKED = { kind: "accepted", value: { covered: [] } } as const;

/** Pagers of which a test says what it uses. Calls are accepted; everything else that is not given is an error. */
export function pagersWith(keeper: Partial<KeepingPager>, others: readonly Pager[] = []): Pagers {
  return {
    keeper: {
      ...{ name: "pagerduty", addressOf: ({ pagers }) => pagers["pagerduty"], call: async () => ASKED },
      ...{ trigger: unused, acknowledge: unused, resolve: unused, evidence: unused, whoIsOnCall: unused },
      close: () => undefined,
      ...keeper,
    },
    others,
  };
}
