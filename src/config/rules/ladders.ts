import { type EscalationStep, type SeverityPolicy, TWOKEY_DRIVES } from "../../domain/incident/escalation.ts";
import { keeperOf } from "../../domain/incident/pager-traits.ts";
import type { TwoKeyFile } from "../../domain/service/twokey-file.ts";
import { type Finding, type Path, sayList } from "../problem.ts";
import { labelOf, traitsOf } from "./pagers.ts";
import { type Rule, rule } from "./rule.ts";

const MATRIX: Path = ["escalation", "severities"];
const SEV1: Path = [...MATRIX, "sev1"];

/** A matrix that goes on until somebody answers: in order, in time, through one driver. */
export const LADDER_RULES: readonly Rule[] = [
  rule({
    name: "sev1-ignores-quiet-hours",
    severity: "error",
    because: "Quiet hours never hold back a sev1.",
    needs: ["escalation"],
    check: ({ escalation }) =>
      escalation.severities.sev1.quiet_hours === "ignore"
        ? []
        : [
            {
              path: [...SEV1, "quiet_hours"],
              what: "sev1 would wait for quiet hours to end",
              instead: "write quiet_hours: ignore",
            },
          ],
  }),
  rule({
    name: "sev1-has-deadlines",
    severity: "error",
    because: "Without a deadline nobody notices that nobody answered, and updates end with the first.",
    needs: ["escalation"],
    check: ({ escalation }) => {
      const { ack_deadline, status_update_every } = escalation.severities.sev1;
      const missing = (key: string, value: string): Finding => ({
        path: [...SEV1, key],
        what: `sev1 has no ${key}`,
        instead: `add ${key}, such as ${value}`,
      });
      return [
        ...(ack_deadline ? [] : [missing("ack_deadline", "5m")]),
        // An update that is not scheduled is forgotten; every 30 minutes is what most plans ask for.
        ...(status_update_every ? [] : [missing("status_update_every", "30m")]),
      ];
    },
  }),
  rule({
    name: "steps-in-order",
    severity: "error",
    because: "People read the matrix from top to bottom as it happens.",
    needs: ["escalation"],
    check: ({ escalation }) =>
      eachStep(escalation.severities, (step, path, before) =>
        before && (step.after < before.after || step.level < before.level)
          ? [
              {
                path: [...path, step.after < before.after ? "after" : "level"],
                what: `this step comes before the one above it`,
                instead: "sort the steps by after, with levels that never go down",
              },
            ]
          : [],
      ),
  }),
  rule({
    name: "repeat-is-possible",
    severity: "error",
    because: "A page that is sent once can be missed once.",
    needs: ["escalation"],
    check: ({ escalation }) => [
      ...(escalation.driver === TWOKEY_DRIVES && escalation.severities.sev1.repeat.max === 0
        ? [
            {
              path: [...SEV1, "repeat", "max"],
              what: "an unanswered sev1 is never paged again",
              instead: "write at least 1",
            },
          ]
        : []),
      ...Object.entries(escalation.severities).flatMap(([severity, { repeat }]) =>
        repeat.max > 0 && repeat.every === 0
          ? [
              {
                path: [...MATRIX, severity, "repeat", "every"],
                what: "the repeats have no time between them",
                instead: "write a time such as 5m",
              },
            ]
          : [],
      ),
    ],
  }),
  rule({
    name: "one-driver",
    severity: "error",
    because: "Two ladders at once page people twice and stop for neither's acknowledgement.",
    needs: ["escalation"],
    check: ({ escalation }) => (escalation.driver === TWOKEY_DRIVES ? [] : secondLadder(escalation)),
  }),
  rule({
    name: "policies-have-one-level",
    severity: "warning",
    because: "A policy with several levels at the pager is a second ladder beside TwoKey's.",
    needs: ["escalation", "audiences", "pagers"],
    check: ({ escalation, audiences, pagers }) => {
      const policies = Object.values(audiences).flatMap((audience) =>
        audience.kind === "pager" && pagers[audience.pager]?.traits.keepsIncidents ? [audience.policy] : [],
      );
      if (escalation.driver !== TWOKEY_DRIVES || policies.length === 0) return [];
      const label = labelOf(pagers, keeperOf(traitsOf(pagers)));
      return [
        {
          path: ["escalation", "driver"],
          what: `TwoKey moves unanswered pages on, so ${sayList(policies)} must not do it too; this file cannot show whether they do`,
          instead: `give ${sayList(policies)} exactly one level and no repeat at ${label}, or write driver: ${keeperOf(traitsOf(pagers))}`,
        },
      ];
    },
  }),
  rule({
    name: "later-levels-stop",
    severity: "warning",
    because: "No page starts after an acknowledgement.",
    needs: ["escalation"],
    check: ({ escalation }) =>
      eachStep(escalation.severities, (step, path) =>
        step.level > 1 && step.unless === undefined
          ? [{ path, what: `level ${step.level} does not say unless: acked`, instead: "add unless: acked" }]
          : [],
      ),
  }),
];

function secondLadder({ driver, severities }: TwoKeyFile["escalation"]): Finding[] {
  const instead = `remove it and let the policy at ${driver} do it, or write driver: twokey`;
  const repeats = Object.entries(severities).flatMap(([severity, { repeat }]) =>
    repeat.max > 0
      ? [
          {
            path: [...MATRIX, severity, "repeat", "max"],
            what: `${severity} repeats its pages although ${driver} moves them on`,
            instead: `write max: 0 and let the policy at ${driver} repeat, or write driver: twokey`,
          },
        ]
      : [],
  );
  const levels = eachStep(severities, (step, path) =>
    step.level > 1 ? [{ path, what: `level ${step.level} is a second ladder beside that of ${driver}`, instead }] : [],
  );
  return [...repeats, ...levels];
}

function eachStep(
  severities: Readonly<Record<string, SeverityPolicy>>,
  check: (step: EscalationStep, path: Path, before: EscalationStep | undefined) => Finding[],
): Finding[] {
  return Object.entries(severities).flatMap(([severity, { steps }]) =>
    steps.flatMap((step, at) => check(step, [...MATRIX, severity, "steps", at], steps[at - 1])),
  );
}
