import type { EscalationStep } from "../../domain/incident/escalation.ts";
import { keeperOf, type PageChannel } from "../../domain/incident/pager-traits.ts";
import type { TwoKeyFile } from "../../domain/service/twokey-file.ts";
import { type Path, sayList } from "../problem.ts";
import { canBeRung, isCertain, labelOf, sayRinging, traitsOf } from "./pagers.ts";
import { type Rule, rule } from "./rule.ts";

const MATRIX: Path = ["escalation", "severities"];
const SEV1: Path = [...MATRIX, "sev1"];

/** Channels that ring; the others can be slept through. */
const RINGING: readonly string[] = ["phone", "push"];

/** A matrix that reaches somebody, by a way that wakes them. */
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
  rule({
    name: "phone-missing",
    severity: "warning",
    because:
      "On the night when no pager rings, people are called by telephone, and `/dr oncall` shows the numbers of this file.",
    needs: ["escalation", "audiences", "people", "approvals"],
    check: ({ escalation, audiences, people, approvals }) => {
      const paged = Object.values(escalation.severities).flatMap(({ steps }) =>
        steps.filter(({ mode }) => mode !== "channel_only").flatMap(({ audience }) => peopleIn(audiences[audience])),
      );
      return Object.entries(people).flatMap(([id, { phone, roles }]) => {
        const needed = [
          ...(paged.includes(id) ? ["is paged by the escalation matrix"] : []),
          ...(approvals.approvers.includes(id) ? ["is an approver"] : []),
          ...(roles.includes("commander") ? ["is a commander"] : []),
        ];
        if (phone !== undefined || needed.length === 0) return [];
        return [
          {
            path: ["people", id],
            what: `${id} ${sayList([...needed, "has no phone number"])}, so nobody finds a number of ${id} when no pager rings`,
            instead: `add phone to ${id}, in E.164 form such as "+15550123"`,
          },
        ];
      });
    },
  }),
];

const peopleIn = (audience: TwoKeyFile["audiences"][string] | undefined): readonly string[] =>
  audience?.kind === "people" ? audience.people : [];

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
