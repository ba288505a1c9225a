import type { AwsModel } from "../../ports/aws-model.ts";
import type { Act, FieldUse } from "../procedure.ts";
import { plainName } from "../procedure.ts";
import { CLI_OPTIONS } from "../readers/aws-cli.ts";
import { eachProcedure, type ProcedureRule } from "../rule.ts";
import { INTENTS } from "./intents.ts";

/** Commands that the CLI and the SDKs add to the API, and options of theirs. */
const OF_THE_CLI =
  /^(?:rds (?:generate-db-auth-token|add-option-to-option-group|remove-option-from-option-group)|ecr get-login(?:-password)?|ecs deploy|\S+ (?:generate-presigned-url|close|can-paginate|help))$/;
const MORE_OPTIONS: ReadonlySet<string> = new Set(["sourceregion"]);
/** Here the CLI has short forms of its own for many options. */
const HAS_SHORT_FORMS: ReadonlySet<string> = new Set(["ec2"]);

/** Options that say the opposite of each other. */
const CONTRADICTIONS: readonly (readonly [string, string])[] = [
  ["use-latest-restorable-time", "restore-time"],
  ["use-latest-restorable-time", "restore-to-time"],
  ["skip-final-snapshot", "final-db-snapshot-identifier"],
  ["multi-az", "availability-zone"],
];

/** Lists that AWS gives in no order. */
const UNORDERED = /(?:Snapshots|Images|RecoveryPoints|Backups|BackupJobs)$/i;
const ITEM = /\b(\w+)(?:\[\])?\[(-?\d+)\]/g;

/** Calls that AWS takes, and answers that have what is read from them. */
export const CALL_RULES: readonly ProcedureRule[] = [
  {
    id: "aws-has-it",
    reason: "AWS refuses the call, and the procedure stands still at this line.",
    instead: "Write the call as the reference of the AWS CLI has it, and run it once with a harmless value.",
    finds: (plan) =>
      eachProcedure(plan, ({ acts }) =>
        acts.flatMap((act) => [...wrongIn(act, plan.aws)].map((what) => ({ line: act.line, what }))),
      ),
  },
  {
    id: "options-agree",
    reason: "One of the two is not what happens, or AWS refuses both.",
    instead: "Keep the one that is meant.",
    finds: (plan) =>
      eachProcedure(plan, ({ acts }) =>
        acts.flatMap(({ line, options }) =>
          CONTRADICTIONS.filter(([one, other]) => isGiven(options, one) && isGiven(options, other)).map(
            ([one, other]) => ({
              ...{ line, what: `--${one} and --${other} contradict each other` },
            }),
          ),
        ),
      ),
  },
  {
    id: "revision-is-a-number",
    reason: "A task definition is named by its family, its number or its ARN; ECS knows no tags as images have them.",
    instead: "Write family:number, or the family alone for the newest revision.",
    finds: (plan) =>
      eachProcedure(plan, ({ acts }) =>
        acts.flatMap(({ service, options }) => {
          const given = service === "ecs" ? options.get("taskdefinition") : undefined;
          const revision = given?.isPlain ? /^[\w-]+:(.+)$/.exec(given.text)?.[1] : undefined;
          if (!given || revision === undefined || /^\d+$/.test(revision)) return [];
          return [{ line: given.line, what: `${given.text} names no revision: ${revision} is no number` }];
        }),
      ),
  },
  {
    id: "answer-has-the-field",
    reason: "The field is not in the answer, so what is decided by it is decided by nothing.",
    instead:
      "Read it where AWS has it. A lag is in CloudWatch: ReplicaLag in seconds, AuroraGlobalDBReplicationLag in milliseconds.",
    finds: (plan) =>
      eachProcedure(plan, ({ fields, acts }) =>
        [...fields.filter(({ item }) => item === undefined), ...acts.flatMap(queried)]
          .filter(({ of, path }) => isMissing(plan.aws, of, path))
          .map(({ line, of, path }) => ({ line, what: `the answer of ${of} has no ${path.join(".")}` })),
      ),
  },
  {
    id: "newest-is-asked-for",
    reason: "AWS lists them in no order that can be relied on: the first one is any one.",
    instead: "Sort by the time of creation and take the last: sort_by(DBSnapshots,&SnapshotCreateTime)[-1].",
    finds: (plan) =>
      eachProcedure(plan, ({ fields, acts }) => [
        ...fields.flatMap(({ item, line }) =>
          item && UNORDERED.test(item.list) && !item.isOrdered
            ? [{ line, what: `the first of ${item.list} is taken for the newest` }]
            : [],
        ),
        ...acts.flatMap(taken),
      ]),
  },
  {
    id: "does-what-it-says",
    reason: "People trust the words above a command, and nobody finds out before the day.",
    instead: "Write the command that does it, and check the attribute afterwards with describe.",
    finds: (plan) =>
      eachProcedure(plan, ({ acts }) =>
        acts.flatMap((act) => {
          const intent = act.service === undefined ? undefined : INTENTS.find(({ said }) => said.test(act.note));
          if (!intent || intent.isDoneBy(act) || !/ (?:modify|create|update|put|enable)-/.test(act.name)) return [];
          return [
            {
              line: act.line,
              what: `“${act.note}” stands above ${act.name}, which does not do that`,
              instead: intent.instead,
            },
          ];
        }),
      ),
  },
];

/** `--no-x` and `False` take an option back. */
const isGiven = (options: Act["options"], name: string): boolean => {
  const value = options.get(plainName(name));
  return value !== undefined && !/^(?:false|none)$/i.test(value.text);
};

function* wrongIn({ name, service, options, isOpen }: Act, aws: AwsModel): Generator<string> {
  const model = service === undefined ? undefined : aws.get(service);
  const [, operation = "", waiter] = name.split(" ");
  if (!model || OF_THE_CLI.test(name)) return;
  if (operation === "wait") {
    if (waiter !== undefined && !model.waitsFor(waiter)) yield `there is no waiter ${waiter} of ${service}`;
    return;
  }
  const known = model.operation(operation);
  if (!known) {
    if (operation !== "") yield `${service} has no call ${operation}`;
    return;
  }
  if (service !== undefined && HAS_SHORT_FORMS.has(service)) return;
  for (const option of options.keys()) {
    const isKnown = CLI_OPTIONS.has(option) || MORE_OPTIONS.has(option) || known.takes(option);
    if (!isKnown && !(option.startsWith("no") && known.takes(option.slice(2)))) yield `${name} has no option ${option}`;
  }
  const isComplete =
    !isOpen && !["cliinputjson", "cliinputyaml", "generatecliskeleton"].some((option) => options.has(option));
  const missing = isComplete
    ? known.required.filter((each) => !options.has(plainName(each)) && !/token$/i.test(each))
    : [];
  if (missing.length > 0) yield `${name} needs ${missing.join(", ")}`;
}

/** A query that only follows names. What works something out is not judged. */
function queried({ name, options }: Act): FieldUse[] {
  const query = options.get("query");
  if (!query?.isPlain || !/^[A-Za-z]\w*(?:\[[^\][]*\])*(?:\.[A-Za-z]\w*(?:\[[^\][]*\])*)*$/.test(query.text)) return [];
  const path = query.text.replaceAll(/\[[^\]]*\]/g, "").split(".");
  return [{ line: query.line, of: name, path, item: undefined }];
}

function isMissing(aws: AwsModel, of: string, path: readonly string[]): boolean {
  const [service = "", operation = ""] = of.split(" ");
  const known = aws.get(service)?.operation(operation);
  return known !== undefined && path[0] !== "ResponseMetadata" && !known.answers(path);
}

/** An item by its number, of a list that is neither sorted nor asked for by name. */
function taken({ name, options, words, line }: Act) {
  const query = options.get("query");
  const inJq = name === "jq" ? words.map(({ text }) => text).join(" ") : undefined;
  const said = query?.text ?? inJq ?? "";
  const isNamed = ["dbsnapshotidentifier", "dbclustersnapshotidentifier", "snapshotids", "imageids"].some((option) =>
    options.has(option),
  );
  if (/sort_by|max_by|min_by|sort\(/.test(said) || isNamed) return [];
  return [...said.matchAll(ITEM)].flatMap(([, list = "", at]) =>
    UNORDERED.test(list) ? [{ line: query?.line ?? line, what: `${list}[${at}] is taken for the newest` }] : [],
  );
}
