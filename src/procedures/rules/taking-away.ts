import { type Act, type Procedure, plainName, type Word } from "../procedure.ts";
import { purposeOf } from "../purposes.ts";
import { eachProcedure, type ProcedureRule } from "../rule.ts";
import { CREATED, isDeletion } from "./created.ts";

/** What a call takes away or writes over, and the call whose answer can give it back. */
interface Overwrites {
  readonly call: RegExp;
  readonly when?: (act: Act) => boolean;
  readonly savedBy: RegExp;
  readonly what: string;
  readonly instead: string;
}

const saving = (call: string): string => `Save it first: aws ${call} … > saved.json`;

const OVERWRITES: readonly Overwrites[] = [
  {
    call: /^route53 change-resource-record-sets$/,
    when: (act) => !isOnlyCreated(act),
    savedBy: /^route53 list-resource-record-sets$/,
    what: "the records that users have are written over, and their values are saved nowhere",
    instead: saving("route53 list-resource-record-sets"),
  },
  {
    call: /^application-autoscaling (?:de)?register-scalable-target$/,
    savedBy: /^application-autoscaling describe-scalable-targets$/,
    what: "the scalable target is written over, or made where there was none, and nothing says what was there",
    instead: saving("application-autoscaling describe-scalable-targets"),
  },
  {
    call: /^ecs update-service$/,
    when: ({ options }) => options.get("desiredcount")?.text === "0",
    savedBy: /^ecs describe-services$/,
    what: "the tasks are taken away, and their number is saved nowhere",
    instead: saving("ecs describe-services"),
  },
  {
    call: /^ec2 revoke-security-group-(?:ingress|egress)$/,
    savedBy: /^ec2 describe-security-group(?:s|-rules)$/,
    what: "rules of a security group are taken away, and they are saved nowhere",
    instead: saving("ec2 describe-security-group-rules"),
  },
  {
    call: /^rds modify-db-(?:instance|cluster)$/,
    when: ({ options }) => options.has("vpcsecuritygroupids"),
    savedBy: /^rds describe-db-(?:instances|clusters)$/,
    what: "the security groups of the database are replaced, and they are saved nowhere",
    instead: saving("rds describe-db-instances"),
  },
  {
    call: /^elbv2 modify-(?:listener|rule)$/,
    savedBy: /^elbv2 describe-(?:listeners|rules)$/,
    what: "where a load balancer leads users is written over, and it is saved nowhere",
    instead: saving("elbv2 describe-listeners"),
  },
];

export const TAKING_AWAY_RULES: readonly ProcedureRule[] = [
  {
    id: "saved-before-it-changes",
    reason: "What was there cannot be given back when nobody knows it any more.",
    instead: "Save what is there to a file first.",
    finds: (plan) =>
      eachProcedure(plan, ({ acts }) =>
        acts.flatMap((act, at) => {
          const row = OVERWRITES.find(({ call, when }) => call.test(act.name) && (when?.(act) ?? true));
          const isSaved = row && acts.slice(0, at).some((earlier) => row.savedBy.test(earlier.name) && earlier.isKept);
          return row && !isSaved ? [{ line: act.line, what: row.what, instead: row.instead }] : [];
        }),
      ),
  },
  {
    id: "data-kept-at-deletion",
    reason: "A database without a final snapshot is gone with all that was in it.",
    instead: "Write --final-db-snapshot-identifier, or take a snapshot first and wait for it.",
    finds: (plan) =>
      eachProcedure(plan, ({ acts }) =>
        acts.flatMap((act, at) => {
          const before = acts.slice(0, at);
          const isBare = /^rds delete-db-(?:instance|cluster)$/.test(act.name) && act.options.has("skipfinalsnapshot");
          const isSaved = before.some(({ name }) => /^rds create-db-(?:cluster-)?snapshot$/.test(name));
          if (
            !isBare ||
            isSaved ||
            act.options.get("skipfinalsnapshot")?.text === "False" ||
            before.some((each) => isDeletion(act, each))
          )
            return [];
          return [
            { line: act.line, what: "a database that this procedure has not made is deleted without a snapshot" },
          ];
        }),
      ),
  },
  {
    id: "deletion-names-something",
    reason: "With an empty variable the command deletes another folder, or all of them.",
    instead: "Put it in quotes, and write :? behind the name inside the braces, so that bash stops at an empty one.",
    finds: (plan) => eachProcedure(plan, (procedure) => procedure.acts.flatMap((act) => emptied(act, procedure))),
  },
  {
    id: "stops-at-a-failure",
    reason: "Without set -e a script goes on after a command that failed, and does the next thing on nothing.",
    instead: "Begin with set -euo pipefail, or look at each answer before the next line.",
    finds: (plan) =>
      eachProcedure(plan, ({ language, isScript, stopsOnFailure, acts }) => {
        if (language !== "shell" || !isScript || stopsOnFailure) return [];
        const at = acts.findIndex((act, index) => isDangerous(act, acts.slice(0, index)));
        const before = acts
          .slice(0, Math.max(0, at))
          .find((act) => !act.isGuarded && !/^(?:echo|printf|set|cd|export|date|sleep|trap)$/.test(act.name));
        const act = acts[at];
        return act && before
          ? [{ line: act.line, what: `${act.name} runs also after a failure of ${before.name} in line ${before.line}` }]
          : [];
      }),
  },
  {
    id: "cleanup-always-runs",
    reason:
      "When a line in between fails or somebody stops the script, what it made stays, costs money and holds data.",
    instead: "Clean up in a trap: trap clean_up EXIT, set before the first thing is made.",
    finds: (plan) =>
      eachProcedure(plan, ({ isScript, acts, traps }) => {
        const removal = acts.find((act, at) => acts.slice(0, at).some((each) => isDeletion(act, each)));
        const isSure = traps.some(({ signals }) => signals.some((signal) => /^(?:EXIT|0)$/i.test(signal)));
        if (!isScript || !removal || isSure || removal.within.some((said) => said.startsWith("finally"))) return [];
        return [
          { line: removal.line, what: "the clean-up is the last line, and nothing runs it when an earlier line fails" },
        ];
      }),
  },
  {
    id: "nothing-left-behind",
    reason:
      "A test that leaves a database or a service behind costs money, and its copy of the data is guarded by nobody.",
    instead:
      "Delete it in the clean-up as well, and give all that the test makes one tag, so that leftovers can be found.",
    finds: (plan) => eachProcedure(plan, leftBehind),
  },
];

function isOnlyCreated({ options }: Act): boolean {
  const batch = options.get("changebatch");
  const actions = [...(batch?.text ?? "").matchAll(/["']?Action["']?\s*[:=]\s*["']?(\w+)/g)].map(
    ([, action]) => action,
  );
  return actions.length > 0 && actions.every((action) => action === "CREATE");
}

const isDangerous = (act: Act, before: readonly Act[]): boolean =>
  ["promotes", "moves-users"].includes(purposeOf(act) ?? "") ||
  (act.name !== "rm" && deletes(act)) ||
  (/ delete-/.test(act.name) && !before.some((each) => isDeletion(act, each)));

const has = ({ words }: Act, pattern: RegExp): boolean => words.some(({ text }) => pattern.test(text));
const deletes = (act: Act): boolean =>
  (act.name === "rm" && has(act, /^-\w*[rR]|^--recursive$/)) ||
  (act.name === "find" && (has(act, /^-delete$/) || (has(act, /^-exec$/) && has(act, /^rm$/)))) ||
  (/^s3 (?:rm|rb|sync)$/.test(act.name) && has(act, /^--(?:recursive|force|delete)$/));

/** Names that may be empty, in words of which something is left then. */
function emptied(act: Act, { constants, assigned, stopsOnUnset }: Procedure) {
  if (!deletes(act)) return [];
  const isSafe = (name: string, { insisted }: Word) => insisted.includes(name) || constants.has(name);
  return act.words.flatMap((word) => {
    const isMore = word.text.replaceAll(/["{}]/g, "") !== `$${word.variables[0]}`;
    // An empty word of its own leaves rm with nothing to delete.
    const isNothing = (name: string) => act.name === "rm" && !isMore && assigned.has(name);
    const bare = word.unquoted.find((name) => !isSafe(name, word) && !isNothing(name));
    const unset = word.variables.find((name) => !isSafe(name, word) && !assigned.has(name) && !stopsOnUnset && isMore);
    const name = bare ?? unset;
    return name === undefined
      ? []
      : [
          {
            line: act.line,
            what: `${act.name} deletes what ${name} names, and ${name} may be empty or be split into words`,
          },
        ];
  });
}

function leftBehind({ title, acts, traps, isScript }: Procedure) {
  const isTest = /drill|test|validat|rehears/i.test(title);
  const removals = acts.filter(({ name }) => / delete-/.test(name));
  const trapped = traps.map(({ does }) => does).join("\n");
  if (!isScript || (removals.length === 0 && !(isTest && trapped === ""))) return [];
  return acts.flatMap((act) => {
    const made = CREATED[act.name];
    if (!made) return [];
    const isRemoved =
      removals.some((removal) => isDeletion(removal, act)) || trapped.includes(made.deletedBy.split(" ")[1] ?? "");
    const name = act.options.get(plainName(made.thing))?.text ?? "what it makes";
    return isRemoved ? [] : [{ line: act.line, what: `${act.name} makes ${name}, and no line deletes it` }];
  });
}
