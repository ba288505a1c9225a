import { hasDatabase, saidBy } from "../facts.ts";
import type { Act, Procedure } from "../procedure.ts";
import { plainName } from "../procedure.ts";
import { purposeOf, SLOW, type SlowCall } from "../purposes.ts";
import { eachProcedure, type ProcedureRule } from "../rule.ts";

/** Data before users, and each thing there before something rests on it. */
export const ORDER_RULES: readonly ProcedureRule[] = [
  {
    id: "data-before-users",
    reason: "Users who arrive before the promotion write to a database that takes no writes.",
    instead: "Promote the database, wait until it takes writes, and move the users after that.",
    finds: (plan) =>
      eachProcedure(plan, ({ acts }) => {
        const promotes = acts.findIndex((act) => purposeOf(act) === "promotes");
        const moves = acts.find((act, at) => at < promotes && purposeOf(act) === "moves-users");
        if (!moves) return [];
        return [
          {
            line: moves.line,
            what: `${moves.name} moves the users before ${acts[promotes]?.name} in line ${acts[promotes]?.line}`,
          },
        ];
      }),
  },
  {
    id: "failover-promotes",
    reason: "A failover that moves only DNS leads users to a copy of the database that takes no writes.",
    instead:
      "Promote the copy in the other region first, and wait until it takes writes. If this service writes to no database, say so in the heading.",
    finds: (plan) =>
      plan.documents.filter(hasDatabase).flatMap((document) =>
        eachProcedure({ ...plan, documents: [document] }, ({ title, acts, isPart }) => {
          const moves = acts.find((act) => purposeOf(act) === "moves-users");
          const isFailover =
            /fail.?over|disaster|evacuat/i.test(title) &&
            !/\b(?:no database|without a database|stateless|static)\b/i.test(title);
          const isPromoted = acts.some((act) => purposeOf(act) === "promotes");
          if (!moves || !isFailover || isPromoted || isPart) return [];
          return [{ line: moves.line, what: "this failover moves the users, and no line promotes the database" }];
        }),
      ),
  },
  {
    id: "no-rollback-after-promotion",
    reason: "A promotion cannot be taken back: the old database has missed every write since.",
    instead:
      "Roll back only what comes before the promotion. After it stop, say which step failed, and ask people to repair or go on.",
    finds: (plan) =>
      eachProcedure(plan, (procedure) => [
        ...procedure.acts.flatMap((act, at) => {
          const before = procedure.acts.slice(0, at).find((earlier) => purposeOf(earlier) === "promotes");
          const isSure = act.within.some((condition) =>
            /not\s+\w*promot|promot\w*\s*(?:is|==)\s*(?:None|False|0)|!\s*\$?\w*promot/i.test(condition),
          );
          if (!before || isSure || purposeOf(act) !== "rolls-back") return [];
          return [{ line: act.line, what: `${act.name} runs also after ${before.name} in line ${before.line}` }];
        }),
        ...trappedRollback(procedure),
      ]),
  },
  {
    id: "slow-call-awaited",
    reason:
      "The call returns at once, and what it begins takes minutes: the next line meets something that is not there yet.",
    instead: "Wait for it first, with a limit, and stop where the wait fails.",
    finds: (plan) =>
      eachProcedure(plan, ({ acts }) =>
        acts.flatMap((act, at) => {
          const relying = unawaited(acts, at);
          if (!relying) return [];
          const { waiters = [] } = SLOW[act.name] ?? {};
          const pause = acts.slice(at + 1, acts.indexOf(relying)).find(({ name }) => name === "sleep");
          const wait = `aws ${act.service} wait ${waiters[0]}`;
          return [
            pause
              ? {
                  line: pause.line,
                  what: `a pause stands where ${act.name} in line ${act.line} should be waited for`,
                  instead: `Write ${wait} in its place.`,
                }
              : {
                  line: act.line,
                  what: `${relying.name} in line ${relying.line} relies on ${act.name}, and nothing waits for it`,
                  instead: `Write ${wait} behind it.`,
                },
          ];
        }),
      ),
  },
  {
    id: "change-is-pending-at-first",
    reason: "Route 53 answers a change with PENDING, nearly always: a good change would count as failed.",
    instead: "Ask get-change until it says INSYNC, or use the waiter resource-record-sets-changed.",
    finds: (plan) =>
      eachProcedure(plan, ({ acts, comparisons }) => {
        const isAsked = acts.some(({ name }) => /route53 (?:get-change|wait )/.test(name));
        const isChanged = acts.some(({ name }) => name === "route53 change-resource-record-sets");
        const compared = comparisons.filter(({ right, operator }) => right === "INSYNC" && /^[=!]=$/.test(operator));
        const tested = acts.filter(
          ({ name, words }) => /^\[|^test$/.test(name) && words.some(({ text }) => text === "INSYNC"),
        );
        if (isAsked || !isChanged) return [];
        return [...compared, ...tested].map(({ line }) => ({
          line,
          what: "the answer to the change itself is compared with INSYNC",
        }));
      }),
  },
  {
    id: "caught-up-is-measured",
    reason: "Available means that the copy runs. It may be hours behind, and a promotion loses what is missing.",
    instead:
      "Stop the writes on the source. Then read ReplicaLag (or the position in the log) until it is 0 several times, and look for a marker row.",
    finds: (plan) => eachProcedure(plan, availableTakenForCaughtUp),
  },
];

function trappedRollback({ acts, traps }: Procedure) {
  const promotes = acts.filter((act) => purposeOf(act) === "promotes");
  return traps.flatMap(({ line, does, signals }) => {
    const after = promotes.find((act) => act.line > line);
    const isRollback = purposeOf(named(does.split(/\s/)[0] ?? "")) === "rolls-back";
    const isOnFailure = signals.some((signal) => /^(?:ERR|EXIT|0)$/i.test(signal));
    const ends = traps.find((other) => other.line > line && other.signals.some((signal) => signals.includes(signal)));
    if (!after || !isRollback || !isOnFailure || (ends && ends.line < after.line)) return [];
    return [{ line, what: `the trap rolls back also after ${after.name} in line ${after.line}` }];
  });
}

const named = (name: string): Act => ({
  ...{ line: 0, name, service: undefined, options: new Map(), words: [], isOpen: true, note: "" },
  ...{ isKept: false, isRepeated: false, isGuarded: false, within: [] },
});

/** Starts tasks on what came before; a service that is scaled to nothing starts none. */
const startsTasks = ({ name, options }: Act): boolean =>
  /^ecs (?:create|update)-service$/.test(name) && options.get("desiredcount")?.text !== "0";

/** The first later act that rests on what a slow call begins, where nothing waits in between. */
function unawaited(acts: readonly Act[], at: number): Act | undefined {
  const act = acts[at];
  const slow = act && SLOW[act.name];
  if (!act || !slow || (act.service === "ecs" && !startsTasks(act))) return undefined;
  for (const [index, later] of acts.entries()) {
    if (index <= at) continue;
    if (waitsFor(later, slow) || isGate(later) || (purposeOf(later) === "tests" && isGate(acts[index + 1])))
      return undefined;
    if (relies(later, act, slow)) return later;
  }
  return undefined;
}

const waitsFor = (later: Act, { waiters, look }: SlowCall): boolean =>
  waiters.some(
    (waiter) =>
      plainName(later.name).endsWith(`wait${plainName(waiter)}`) || plainName(later.name).endsWith(plainName(waiter)),
  ) ||
  (later.name === look && later.isRepeated) ||
  // A function of the program's own that says in its name that it waits.
  (later.service === undefined && /^_?(?:wait|await|poll|monitor)|_until_|wait_?for/i.test(later.name));

/** A person is asked to look and to go on when it is there. */
const isGate = (act: Act | undefined): boolean =>
  act !== undefined &&
  /^(?:echo|printf|read)$/.test(act.name) &&
  act.words.some(({ text }) =>
    /\b(?:go on|continue|proceed|press)\b.*\b(?:when|once|after|until)\b|\bwait (?:until|for)\b/i.test(text),
  );

function relies(later: Act, act: Act, { thing }: SlowCall): boolean {
  if (later.name === act.name) return false;
  const purpose = purposeOf(later);
  if (act.service === "route53") return purpose === "tests";
  if (purpose === "moves-users" || purpose === "tests" || purpose === "promotes") return true;
  if (act.service !== "ecs" && startsTasks(later)) return true;
  const name = act.options.get(plainName(thing))?.text;
  const source = /^rds (?:copy-|create-)/.test(later.name) ? [...later.options.entries()] : [];
  return (
    name !== undefined && source.some(([option, { text }]) => option.startsWith("source") && stem(text) === stem(name))
  );
}

/** An ARN ends with the name; what is worked out at the time is left away. */
const stem = (name: string): string => (name.split(":").at(-1) ?? name).replace(/[-_]?\$.*$/, "");

function availableTakenForCaughtUp(procedure: Procedure) {
  const { acts } = procedure;
  return acts.flatMap((wait, at) => {
    if (!/^rds wait db-(?:instance|cluster)-available$/.test(wait.name)) return [];
    const rest = acts.slice(at + 1);
    const promotes = rest.findIndex((act) => purposeOf(act) === "promotes");
    const copied = acts.slice(0, at).some(({ name }) => /create-db-(?:instance-read-replica|cluster)$/.test(name));
    const saysSo = /catch(?:es)?[- ]?up|caught[- ]?up|replicat|in sync/i.test(
      saidBy(wait, { ...procedure, title: "" }),
    );
    const until = promotes === -1 ? rest : rest.slice(0, promotes);
    if (until.some(measuresLag) || !(saysSo || (copied && promotes !== -1))) return [];
    return [{ line: wait.line, what: "the copy is taken for caught up because it is available" }];
  });
}

const LAG = /lag|replay|pg_stat_replication|pg_last_wal|seconds_behind|gtid|marker|caught_?up/i;
const measuresLag = ({ name, words, options }: Act): boolean =>
  LAG.test(name) ||
  words.some(({ text }) => LAG.test(text)) ||
  [...options.values()].some(({ text }) => LAG.test(text));
