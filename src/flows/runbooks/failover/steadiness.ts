import { sayDuration } from "../../../domain/duration.ts";
import type { Acceptance } from "../../../domain/plan-run/plan.ts";
import type { Answering } from "../../../domain/service/observation.ts";
import type { Region } from "../../../domain/service/service.ts";

/** What is little enough to be chance, and what a control plane that is well never reaches. */
const FEW = { failed: 3, share: 0.1 };
const SLOW_MS = 2_000;

/** The control planes of the new side are in trouble, by the calls that looked at it. */
export function steadiness(to: Region, answering: Answering | undefined): Acceptance[] {
  if (!answering) return [];
  const { asked, failed, typicalMs } = answering;
  const isFailing = failed >= FEW.failed && failed >= asked * FEW.share;
  if (!isFailing && typicalMs < SLOW_MS) return [];
  const why = isFailing
    ? `${failed} of the last ${asked} calls to it failed`
    : `half of the last ${asked} calls to it took ${sayDuration(typicalMs)} or more`;
  return [
    {
      id: "target-unsteady",
      words: `I accept that AWS in ${to} answers badly now: ${why}, and the run's own calls may be late or refused`,
      danger: `AWS in ${to} answers badly now: ${why}.`,
    },
  ];
}
