import { sayDuration } from "../../../domain/duration.ts";
import { atMost, upTo } from "../../../domain/plan-run/bound.ts";
import type { Acceptance } from "../../../domain/plan-run/plan.ts";
import type { Answering } from "../../../domain/service/observation.ts";
import type { Region } from "../../../domain/service/service.ts";

/** What is little enough to be chance, and what a control plane that is well never reaches. */
const FEW = { failed: 3, share: 0.1 };
const SLOW_MS = 2_000;

/** Of calls that fail up to half of the time most go through when they are repeated. */
const HALF = 0.5;

/** The control planes of the new side are in trouble, by the calls that looked at it. */
export function steadiness(to: Region, answering: Answering | undefined): Acceptance[] {
  return answering ? [...failing(to, answering), ...slow(to, answering)] : [];
}

/** The calls of a minute are few: a bound close to what they show would be passed by chance. */
function failing(to: Region, { asked, failed }: Answering): Acceptance[] {
  if (failed < FEW.failed || failed < asked * FEW.share) return [];
  const why = `${failed} of the last ${asked} calls to it failed`;
  const isMost = failed > asked * HALF;
  return [
    {
      id: "target-unsteady",
      words: `I accept that AWS in ${to} answers badly now: ${why}, and the run's own calls may be late or refused${isMost ? "" : ", as long as no more than half of them fail"}`,
      danger: `AWS in ${to} answers badly now: ${why}.`,
      bound: atMost(isMost ? 1 : HALF),
    },
  ];
}

function slow(to: Region, { asked, typicalMs }: Answering): Acceptance[] {
  if (typicalMs < SLOW_MS) return [];
  const why = `half of the last ${asked} calls to it took ${sayDuration(typicalMs)} or more`;
  return [
    {
      id: "target-slow",
      words: `I accept that AWS in ${to} answers slowly now: ${why}, and the run's own calls may be late, as long as that does not double`,
      danger: `AWS in ${to} answers slowly now: ${why}.`,
      bound: upTo(2 * typicalMs, typicalMs),
    },
  ];
}
