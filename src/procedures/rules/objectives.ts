import { sayDuration } from "../../domain/duration.ts";
import { intervalIn, promisedLoss, smallestLoss, spanIn } from "../facts.ts";
import { lagThresholds } from "../lag.ts";
import { type Document, everySetting, type Procedure, textOf } from "../procedure.ts";
import type { Found, Plan, ProcedureRule } from "../rule.ts";
import { severityScales } from "../severities.ts";

/** What a plan promises, against what it does. */
export const OBJECTIVE_RULES: readonly ProcedureRule[] = [
  {
    id: "lag-alarm-within-rpo",
    reason:
      "An alarm that comes when the copy is as far behind as the RPO allows tells of a promise that is already broken.",
    instead: "Set the threshold so that threshold and time to notice together are well below the RPO.",
    finds: (plan) => {
      const promise = smallestLoss(plan);
      if (!promise) return [];
      const where = `the RPO of ${sayDuration(promise.ms)} (${promise.file}:${promise.line})`;
      return plan.documents
        .flatMap((document) => lagThresholds(document))
        .filter(({ ms, noticedMs }) => ms + noticedMs >= promise.ms)
        .map(({ file, line, ms, noticedMs }) => ({
          ...{ file, line },
          what:
            noticedMs > 0
              ? `a lag is told of ${sayDuration(ms + noticedMs)} late (${sayDuration(ms)}, then ${sayDuration(noticedMs)} to notice), and ${where} is not longer`
              : `a lag is told of at ${sayDuration(ms)}, and ${where} is not longer`,
        }));
    },
  },
  {
    id: "backups-within-rpo",
    reason:
      "What is restored from a backup is as old as that backup: a promise shorter than the interval cannot be kept.",
    instead: "Promise the interval, take backups more often, or restore to a point in time.",
    finds: ({ documents }) => documents.flatMap(restoresTooOld),
  },
  {
    id: "one-severity-scale",
    reason: "Two scales in one plan make people translate at night, and pages go to the wrong group.",
    instead: "Use one scale, and write down once what each word of the other one means.",
    finds: (plan) => severityScales(plan),
  },
  {
    id: "backup-kind-is-one",
    reason: "A full backup restores alone. An incremental one needs each backup before it.",
    instead: "Write the type that the backup has, and keep it as long as what rests on it.",
    finds: ({ documents }) => documents.flatMap((document) => [...mixedKinds(document)]),
  },
  {
    id: "retention-as-written",
    reason: "What the script deletes is missing on the day on which the policy says that it is there.",
    instead: "Keep backups in the script as long as the policy says, or let one lifecycle rule do both.",
    finds: (plan) => plan.documents.flatMap((document) => deletesTooEarly(document, plan)),
  },
];

/** A promise that rests on backups, where backups are taken less often. */
function restoresTooOld(document: Document): Found[] {
  const { file } = document;
  const intervals = [...backupIntervals(document)].toSorted((a, b) => a.ms - b.ms);
  const [often] = intervals;
  if (!often) return [];
  return [...promisedLoss(document)]
    .filter(
      ({ ms, around }) => ms < often.ms && /snapshot|backup|dump/i.test(around) && !/point.in.time|pitr/i.test(around),
    )
    .filter(({ around }) => /restor|frequency/i.test(around))
    .map(({ line, ms }) => ({
      ...{ file, line },
      what: `an RPO of ${sayDuration(ms)} rests on backups that are taken every ${sayDuration(often.ms)} (line ${often.line})`,
    }));
}

function* backupIntervals({ prose, settings }: Document): Generator<{ line: number; ms: number }> {
  for (const { line, text, headings } of prose) {
    const isOfBackups = [text, headings.at(-1) ?? ""].some((said) => /snapshot|backup|dump/i.test(said));
    const said = /\b(?:frequency|schedule|interval|taken)\b[^:]*:[*\s]*(.*)$/i.exec(text)?.[1];
    const ms = said === undefined || !isOfBackups ? undefined : intervalIn(said);
    if (ms !== undefined) yield { line, ms };
  }
  for (const { line, text, path, key } of everySetting(settings)) {
    const isInterval =
      /^(?:frequency|schedule|interval|every)$/i.test(key) && path.some((step) => /snapshot|backup/i.test(step));
    const ms = text === undefined || !isInterval ? undefined : (intervalIn(text) ?? spanIn(text));
    if (ms !== undefined) yield { line, ms };
  }
}

function* mixedKinds({ file, settings }: Document): Generator<Found> {
  for (const setting of everySetting(settings)) {
    const type = textOf(setting, "type", "kind", "mode");
    const named = [/full/i, /incremental|differential/i].findIndex((pattern) => pattern.test(setting.key));
    const typed = [/^full$/i, /^(?:incremental|differential)$/i].findIndex((pattern) => pattern.test(type?.text ?? ""));
    if (type && named !== -1 && typed !== -1 && named !== typed)
      yield { file, line: type.line, what: `${setting.key} has the type ${type.text}` };
  }
}

/** `find … -mtime +7 -delete` on backups, where a policy keeps them longer and nothing else does. */
function deletesTooEarly({ file, procedures }: Document, { documents }: Plan): Found[] {
  const policies = documents.flatMap((document) => [...retentions(document)]).toSorted((a, b) => b.ms - a.ms);
  const [longest] = policies;
  if (!longest) return [];
  return procedures
    .filter((procedure) => !keepsElsewhere(procedure))
    .flatMap(({ acts }) =>
      acts.flatMap(({ name, words, line }) => {
        const texts = words.map(({ text }) => text);
        const days = Number(/^\+(\d+)$/.exec(texts[texts.indexOf("-mtime") + 1] ?? "")?.[1] ?? Number.NaN);
        const isOfBackups =
          name === "find" &&
          texts.includes("-delete") &&
          texts.some((text) => /backup|dump|snapshot|\.sql/i.test(text));
        const ms = days * 86_400_000;
        if (!isOfBackups || !(ms < longest.ms)) return [];
        return [
          {
            file,
            line,
            what: `backups are deleted after ${sayDuration(ms)}, and line ${longest.line} keeps them ${sayDuration(longest.ms)}`,
          },
        ];
      }),
    );
}

const keepsElsewhere = ({ acts }: Procedure): boolean =>
  acts.some(({ name }) => name === "s3api put-bucket-lifecycle-configuration");

function* retentions({ settings }: Document): Generator<{ line: number; ms: number }> {
  for (const { key, path, text, line } of everySetting(settings)) {
    const isOfBackups = /^retention(?:_period)?$/i.test(key) && path.some((step) => /backup|snapshot/i.test(step));
    const ms = isOfBackups && text !== undefined ? spanIn(text) : undefined;
    if (ms !== undefined) yield { line, ms };
  }
}
