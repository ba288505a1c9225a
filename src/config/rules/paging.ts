import { type EscalationStep, type SeverityPolicy, TWOKEY_DRIVES } from "../../domain/incident/escalation.ts";
import { keeperOf, type PageChannel } from "../../domain/incident/pager-traits.ts";
import type { TwoKeyFile } from "../../domain/service/twokey-file.ts";
import { type Finding, type Path, sayList } from "../problem.ts";
import { canBeRung, isCertain, labelOf, sayRinging, traitsOf } from "./pagers.ts";
import { type Rule, rule } from "./rule.ts";

const MATRIX: Path = ["escalation", "severities"];
const SEV1: Path = [...MATRIX, "sev1"];

/** Channels that ring; the others can be slept through. */
const RINGING: readonly string[] = ["phone", "push"];

/** A matrix that reaches somebody, in order, through one driver. */
export const PAGING_RULES: readonly Rule[] = [
  rule({
    name: "sev1-pages-at-once",
    severity: "error",
    because: "In an outage somebody's phone must ring at once.",
    needs: ["escalation", "audiences", "people", "pagers"],
    check: ({ escalation, audiences, people, pagers }) =>
      escalation.severities.sev1.steps.some(
        (step) => step.after === 0 && rings(step) && canBePaged(audiences[step.audience], people, pagers),
      )
        ? []
        : [
            {
              path: [...SEV1, "steps"],
              what: "no step of sev1 pages anybody at 0s",
              instead:
                "add a step with after: 0s and the channel push or phone, for a policy or for people that a pager can ring",
            },
          ],
  }),
  rule({
    name: "sev2-reaches-somebody",
    severity: "warning",
    because: "A severity that only writes into a channel is found in the morning.",
    needs: ["escalation"],
    check: ({ escalation }) =>
      escalation.severities.sev2.steps.some((step) => step.mode !== "channel_only")
        ? []
        : [
            {
              path: [...MATRIX, "sev2", "steps"],
              what: "sev2 reaches nobody in person: every step is channel_only",
              instead: "add a step with the mode everyone or on_call",
            },
          ],
  }),
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
    name: "channels-have-a-provider",
    severity: "warning",
    because:
      "A channel that no pager of the file certainly uses is up to each person's own rules at a pager, or used by none.",
    needs: ["escalation", "pagers"],
    check: ({ escalation, pagers }) =>
      Object.entries(escalation.severities).flatMap(([severity, policy]) => {
        const unsure = (channel: PageChannel) => !isCertain(channel, pagers);
        const at = policy.steps.findIndex(({ channels }) => channels.some(unsure));
        const used = new Set(policy.steps.flatMap(({ channels }) => channels.filter(unsure)));
        if (at === -1) return [];
        const label = labelOf(pagers, keeperOf(traitsOf(pagers)));
        return [
          {
            path: [...MATRIX, severity, "steps", at, "channels"],
            what: `${sayList([...used])} in ${severity} are not sent by TwoKey itself: whether they happen is up to each person's notification rules at ${label}`,
            instead: "write push and slack, and check the notification rules there",
          },
        ];
      }),
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
  rule({
    name: "paged-people-have-pagers",
    severity: "warning",
    because: "Somebody whom no pager can ring cannot be woken.",
    needs: ["escalation", "audiences", "people", "pagers"],
    check: ({ escalation, audiences, people, pagers }) => {
      const ringing = new Set(
        Object.values(escalation.severities).flatMap(({ steps }) =>
          steps.filter(rings).map(({ audience }) => audience),
        ),
      );
      return [...ringing].flatMap((team) => {
        const audience = audiences[team];
        if (audience?.kind !== "people") return [];
        return audience.people.flatMap((id, at) =>
          people[id] && !canBeRung(people[id], pagers)
            ? [
                {
                  path: ["audiences", team, "people", at],
                  what: `nothing can ring ${id}, so a page to ${team} may not wake ${id}`,
                  instead: `add an id at ${sayRinging(pagers)} under pagers of ${id}`,
                },
              ]
            : [],
        );
      });
    },
  }),
];

function rings(step: EscalationStep): boolean {
  return step.mode !== "channel_only" && step.channels.some((channel) => RINGING.includes(channel));
}

function canBePaged(
  audience: TwoKeyFile["audiences"][string] | undefined,
  people: TwoKeyFile["people"],
  pagers: TwoKeyFile["pagers"],
): boolean {
  if (audience === undefined) return false;
  if (audience.kind === "pager") return pagers[audience.pager]?.traits.rings === true;
  return audience.people.some((id) => people[id] !== undefined && canBeRung(people[id], pagers));
}

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
