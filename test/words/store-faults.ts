import { NOT_TRIED, type Part } from "./fault-claims.ts";

const STORE_ANSWERS = "test/commands/store-answers.test.ts";
const PLAIN_ERRORS = "test/store/plain-errors.test.ts";
const REDIS_LOST = "test/scenarios/redis-lost.test.ts";
const MEMORY_GUARD = "test/jobs/looks/memory-guard.test.ts";
const LEDGER_GUARD = "test/jobs/looks/ledger-guard.test.ts";
const FULL_DISK = "test/scenarios/full-disk.test.ts";
const RIGHTS = "test/store/proofs.test.ts";
const REFUSING = "test/store/refusing-redis.test.ts";
const LEDGER = "test/store/ledger.test.ts";
const AUTHORITY = "test/engine/runs/authority.test.ts";
const FREEZES = "test/store/freezes.test.ts";

/** What of Redis and of the ledger's disk can fail, each with the tests that make it happen. */
export const STORE_FAULTS: Readonly<Record<string, Part>> = {
  Redis: {
    faults: {
      "killed, then started again": [
        ["test/app/readiness.test.ts", "where alerts cannot be stored, and says why", "Alerts cannot be stored"],
        [
          "test/scenarios/redis-away.test.ts",
          "Redis is killed right after the promotion was asked for and comes back",
          "killed",
        ],
        ["test/doors/slack/door.test.ts", "with our memory means that nothing is done", "Nothing was done"],
      ],
      "away for a minute and longer, whatever the reason": [
        [
          "test/jobs/looks/away-guard.test.ts",
          "is seen by the store's own silence, with a look that is still under way counted in",
          "takes in no alert",
        ],
        [
          "test/jobs/looks/away-guard.test.ts",
          "guard store away: calls people once when it lasts, and stands down when it is back",
          "takes in no alert",
        ],
      ],
      "away while somebody turns a key, asks for a plan, freezes, decides, declares, acknowledges, resolves or signs for a lost store":
        [[STORE_ANSWERS, "while Redis is away is said not to count, and does not", "Your key does not count"]],
      "EXECABORT: Redis refuses what a ledger tells it of a key": [
        [
          PLAIN_ERRORS,
          "a line of the ledger that Redis does not take is refused to a person in plain words, and certainly not written",
          "TwoKey's memory (Redis) is full and takes no writes",
        ],
      ],
      "the answer to a write is lost": [
        [
          STORE_ANSWERS,
          "of which nobody can say anything is said to be so, and it counts as it stands afterwards",
          "Nobody can say yet whether",
        ],
      ],
      "AOF tail cut: it comes back older": [[REDIS_LOST, "Redis comes back older in the middle of a run", "older"]],
      "it comes back empty, or is another one": [
        [
          LEDGER,
          "the first to notice stops every other process, also one without a line",
          "it does not know this ledger",
        ],
        [REDIS_LOST, "Redis comes back empty in the middle of a run", "empty"],
      ],
      "OOM with noeviction": [
        [REFUSING, "OOM with noeviction: people read it word for word", "OOM with noeviction"],
        [
          STORE_ANSWERS,
          "in a full Redis is said to count where it does, and not to count where it does not",
          "is full",
        ],
        [MEMORY_GUARD, "a store that fills up warns at 70 % and pages at 85 %, each once", "85 %"],
      ],
      "no memory limit": [
        [
          MEMORY_GUARD,
          "a store without a limit is announced once, where people read it",
          "Redis has no memory limit, so nobody is warned",
        ],
      ],
      "READONLY: a replica": [
        [REFUSING, "READONLY: a replica: people read it word for word", "READONLY: a replica"],
        [RIGHTS, "are not there where Redis is %s", "a replica"],
        [PLAIN_ERRORS, "%s: certainly nothing was done", "READONLY"],
      ],
      "MISCONF: its disk is full": [
        [
          REFUSING,
          "MISCONF: its disk is full: a real server whose disk takes nothing more says it, and people read it word for word",
          "MISCONF: its disk is full",
        ],
      ],
      "BUSY, MASTERDOWN": [
        [REFUSING, "BUSY, MASTERDOWN: a real server says each, and people read it word for word", "BUSY, MASTERDOWN"],
      ],
      "LOADING, or max number of clients reached": [
        [
          REFUSING,
          "LOADING, or max number of clients reached: nobody is let in, and people read that it does not answer",
          "LOADING, or max number of clients reached",
        ],
      ],
      NOREPLICAS: [[REFUSING, "NOREPLICAS: a real server says it, and people read it word for word", "NOREPLICAS"]],
      "NOAUTH, WRONGPASS, NOPERM": [
        [REFUSING, "NOAUTH, WRONGPASS, NOPERM: people read it word for word", "NOAUTH, WRONGPASS, NOPERM"],
        [
          RIGHTS,
          "guard password that changes: %s that Redis asks for from now on is a refusal, and no silence",
          "refuses the user or the password",
        ],
        [PLAIN_ERRORS, "%s: certainly nothing was done", "NOAUTH"],
      ],
      "a key of another type, or content that does not parse": [
        [
          "test/store/put-aside.test.ts",
          "%s: it is put aside and left as it is, and its neighbours go on (G22)",
          "a key of another type",
        ],
      ],
      "a list of what is open is lost, whole or in part": [
        [
          "test/jobs/put-back.test.ts",
          "guard lost list: a list of %s that is lost is whole again, and people are told once",
          "Lists in Redis did not name what is open",
        ],
      ],
      "a wake-up that gets lost": [
        [
          "test/jobs/wake.test.ts",
          "guard lost wake-up: one that Redis does not take fails no act that counts already",
          "A wake-up was lost",
        ],
      ],
      "the same thing fails again and again, such as an incident": [
        [
          "test/jobs/signals.test.ts",
          "guard whole sweep: of a sweep that fails again and again it is said what may be late, and not that everything else goes on",
          "fails at this again and again",
        ],
        [
          "test/jobs/sweep.test.ts",
          "guard sweep goes on: an incident that fails keeps nobody from the rest, and people are told of it once",
          "incident",
        ],
        [
          "test/jobs/looks/broken-guard.test.ts",
          "guard broken calls: a page that breaks again and again calls commanders by telephone, and stands in the incident's room with its chain",
          "fails at this again and again",
        ],
      ],
      "somebody cuts lines off a journal, or puts an older one back": [
        [
          AUTHORITY,
          "guard cut journal: where somebody cut off that it was aborted, nothing leaves, and people are asked",
          "that TwoKey has seen",
        ],
        [
          AUTHORITY,
          "guard older journal: nor where an older copy of it was put back and written on",
          "that TwoKey has seen",
        ],
      ],
      "somebody takes a freeze away": [
        [
          FREEZES,
          "guard kept freeze: whatever is taken away stays in force in each process that saw it, is put back, and is told",
          "taken out of Redis",
        ],
      ],
      "somebody writes a freeze, or a sign-off for a lost store": [
        [FREEZES, "guard forged freeze: %s", "until two approvers lift it: /dr unfreeze"],
        [
          "test/engine/approvals/recovery.test.ts",
          "guard sealed sign-off: the signatures of two people that somebody wrote into Redis make no store count again",
          "TwoKey has not written it",
        ],
      ],
    },
  },
  "The ledger's disk": {
    judged: ["ENOSPC on a quiet day"],
    faults: {
      "ENOSPC: full, while a run goes on": [
        [
          "test/engine/runs/halts.test.ts",
          "guard unwritable ledger: makes no further call, calls people, and goes on when somebody says so",
          "no room is left on its disk",
        ],
        [
          "test/engine/runs/halts.test.ts",
          "guard asked once: what was asked for and finds no room in the ledger is not asked for again, although its next line would fit",
          "no room is left on its disk",
        ],
        [FULL_DISK, "the ledger's disk fills up before the second key and again in the middle of the run", "disk"],
      ],
      "ENOSPC on a quiet day": [
        [
          LEDGER_GUARD,
          "guard full disk: a ledger that takes no line is said once and pages, and what is mended is said too",
          "ENOSPC",
        ],
      ],
      "ENOSPC while somebody turns a key": [
        [
          "test/engine/approvals/keys.test.ts",
          "guard ledger first: where the ledger takes nothing the key does not count, and its holder is told so",
          "Your key does not count",
        ],
        [
          FULL_DISK,
          "the ledger's disk fills up before the second key and again in the middle of the run",
          "Your key does not count",
        ],
      ],
      "ENOSPC while somebody decides on a run or freezes": [
        [
          "test/commands/freeze.test.ts",
          "it stops everything also where the ledger takes no line, and says so; it is not lifted there",
          "The ledger does not have it:",
        ],
      ],
      EROFS: [
        [
          "test/store/unwritable-disk.test.ts",
          "EROFS: a disk that is mounted to be read alone is said as that",
          "its disk is read-only",
        ],
        [LEDGER_GUARD, "a ledger that takes no line calls people also where Slack does not answer", "EROFS"],
      ],
      "EFBIG: a limit on files": [
        ["test/store/full-disk.test.ts", "a line that a full disk cut short is taken back", "EFBIG"],
      ],
      "ENOENT: the directory is gone, or the file in it": [
        [LEDGER, "guard line in a file: where the file %s, the act is refused (G17)", "not in its directory any more"],
        [RIGHTS, "a ledger's directory that is gone is wrong, in words of our own", "ENOENT"],
      ],
      "EACCES, EPERM": [
        [
          "test/store/unwritable-disk.test.ts",
          "EACCES, EPERM: a directory that TwoKey's user may not write into is said as that",
          "TwoKey's user may not write there",
        ],
      ],
      "EDQUOT, EIO": NOT_TRIED,
      "torn last line, as a crash leaves it": [
        [LEDGER, "a torn last line is put aside at the next start, and the chain goes on", "torn"],
      ],
      "torn, or cut off whole, although Redis knows later lines": [
        [
          LEDGER,
          "guard last line: one that was cut off whole is missed, also when nothing else is wrong (G17)",
          "the ledger lost its end",
        ],
      ],
      "a line is missing in the middle, or has another seal": [
        [
          LEDGER,
          "guard ledger length: a line that was taken out before the last one is missed at the next start (G17)",
          "lines, and Redis knows",
        ],
      ],
      "a segment that cannot be closed": [
        [
          "test/store/ledger-segments.test.ts",
          "stays in use, refuses nothing, and is closed behind a later line",
          "segment",
        ],
      ],
      "the archive cannot be written": [
        [
          "test/jobs/retention.test.ts",
          "stay while they are younger, and where the ledger cannot be written",
          "retention",
        ],
      ],
      "lost with its machine, or taken away: the process starts with an empty directory": [
        [
          LEDGER,
          "guard ledger gone: an empty ledger of which Redis knows lines stops every process",
          "knows lines of this ledger, and its file is empty",
        ],
        [LEDGER, "one that is put back goes on after a start, and so do the others", "nobody has to sign"],
        [
          "test/scenarios/ledger-gone.test.ts",
          "a bot that starts again with an empty disk changes nothing, and goes on when two people have signed",
          "its file is empty",
        ],
      ],
      "lost with its machine, and a process of another name comes instead": [
        [
          LEDGER,
          "a new machine with a name of its own begins a ledger of its own, and nobody has to sign",
          "the others",
        ],
      ],
    },
  },
};
