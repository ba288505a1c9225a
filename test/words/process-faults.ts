import { NOT_TRIED, type Part } from "./fault-claims.ts";

const FAILED_START = "test/scenarios/failed-start.test.ts";
const SERVER_CHECK = "test/store/server-check.test.ts";
const INSTALLATION = "test/store/installation.test.ts";
const LEDGER = "test/store/ledger.test.ts";

/** What refuses a start and what befalls a process, each with the tests that make it happen. */
export const PROCESS_FAULTS: Readonly<Record<string, Part>> = {
  "What refuses a start": {
    faults: {
      "a variable that is missing or wrong": [
        [FAILED_START, "$what: the start says so in one sentence and leaves nothing behind", "variable"],
      ],
      "twokey.yaml is not there": [
        [
          FAILED_START,
          "$what: the start says so in one sentence and leaves nothing behind",
          "twokey.yaml is not there",
        ],
      ],
      "twokey.yaml is wrong": [
        [FAILED_START, "$what: the start says so in one sentence and leaves nothing behind", "twokey.yaml is wrong"],
      ],
      "a certificate file that is missing": [
        [
          FAILED_START,
          "$what: the start says so in one sentence and leaves nothing behind",
          "a certificate file that is missing",
        ],
        [FAILED_START, "$what: the start says so in one sentence and leaves nothing behind", "The certificates in"],
      ],
      "redis-unreachable": [
        [FAILED_START, "$what: the start says so in one sentence and leaves nothing behind", "redis-unreachable"],
        [FAILED_START, "$what: the start says so in one sentence and leaves nothing behind", "Redis does not answer"],
      ],
      "redis-refused": [
        [
          FAILED_START,
          "$what: the start says so in one sentence and leaves nothing behind",
          "Redis refuses the user or the password",
        ],
        [
          FAILED_START,
          "$what: the start says so in one sentence and leaves nothing behind",
          "Redis is full and takes no writes",
        ],
      ],
      "redis-too-old": [[SERVER_CHECK, "%s: %j does not start", "redis-too-old"]],
      "redis-cluster": [[SERVER_CHECK, "%s: %j does not start", "redis-cluster"]],
      "redis-read-only": [[SERVER_CHECK, "%s: %j does not start", "redis-read-only"]],
      "redis-evicts": [[SERVER_CHECK, "%s: %j does not start", "redis-evicts"]],
      "redis-eviction-unknown": [[SERVER_CHECK, "%s: %j does not start", "redis-eviction-unknown"]],
      "redis-open": [[SERVER_CHECK, "%s: %j does not start", "redis-open"]],
      "redis-entry-unknown": [[SERVER_CHECK, "%s: %j does not start", "redis-entry-unknown"]],
      "redis-no-fsync": [[SERVER_CHECK, "%s: %j does not start", "redis-no-fsync"]],
      "redis-no-append-only-file": [[SERVER_CHECK, "%s: %j does not start", "redis-no-append-only-file"]],
      "redis-fsync-unknown": [[SERVER_CHECK, "%s: %j does not start", "redis-fsync-unknown"]],
      "redis-other-installation": [
        [
          INSTALLATION,
          "guard installation: what a rehearsal or another environment left behind is never taken for production's",
          "redis-other-installation",
        ],
      ],
      "redis-installation-unreadable": [
        [
          FAILED_START,
          "$what: the start says so in one sentence and leaves nothing behind",
          "redis-installation-unreadable",
        ],
        [
          FAILED_START,
          "$what: the start says so in one sentence and leaves nothing behind",
          "does not say whose store it is",
        ],
      ],
      "redis-nobodys-keys": [
        [
          INSTALLATION,
          "guard nobody's keys: a store with %s that does not say whose it is is refused, and left as it is",
          "redis-nobodys-keys",
        ],
      ],
      "ledger-key-differs": [[INSTALLATION, "a process with another ledger key is refused", "ledger-key-differs"]],
      "ledger-unusable": [
        [FAILED_START, "$what: the start says so in one sentence and leaves nothing behind", "ledger-unusable"],
        [FAILED_START, "$what: the start says so in one sentence and leaves nothing behind", "cannot be opened"],
      ],
      "ledger-damaged": [
        [FAILED_START, "$what: the start says so in one sentence and leaves nothing behind", "ledger-damaged"],
        [FAILED_START, "$what: the start says so in one sentence and leaves nothing behind", "has a damaged line"],
      ],
      "ledger-other-installation": [
        [
          LEDGER,
          "guard whose ledger: one of a rehearsal or of another environment is refused, and left as it is (G17)",
          "ledger-other-installation",
        ],
      ],
      "port-taken": [
        [FAILED_START, "$what: the start says so in one sentence and leaves nothing behind", "port-taken"],
        [
          FAILED_START,
          "$what: the start says so in one sentence and leaves nothing behind",
          "is taken by another program",
        ],
      ],
      "port-refused": [
        [FAILED_START, "$what: the start says so in one sentence and leaves nothing behind", "port-refused"],
        [FAILED_START, "$what: the start says so in one sentence and leaves nothing behind", "TwoKey cannot listen on"],
      ],
    },
  },
  "The process itself": {
    judged: ["DNS is dead on this machine: ENOTFOUND"],
    faults: {
      "kill -9, or killed for its memory": [
        [
          "test/engine/runs/taken-over-said.test.ts",
          "the timeline says that a process went away, and neither number nor host of the one that goes on",
          "Another TwoKey process",
        ],
        [
          "test/jobs/succession.test.ts",
          "guard heir: a run whose driver has no connection any more is driven on by another process, once",
          "killed",
        ],
        [
          "test/scenarios/failover-resume.test.ts",
          "the driving bot is killed right after the promotion was accepted",
          "killed",
        ],
      ],
      "killed between any two calls": [
        [
          "test/crash/every-effect.test.ts",
          "$title, $mode, every third call from $third: the run is verified, and nothing was done twice",
          "done twice",
        ],
      ],
      "the only process dies": [
        ["test/jobs/heartbeat.test.ts", "is withheld while anything is overdue, so that the monitor pages", "monitor"],
      ],
      "SIGTERM, whatever is away": [
        [FAILED_START, "a bot that is told to end while Redis is away ends all the same, within its limit", "SIGTERM"],
        [
          FAILED_START,
          "a bot that is told to end while every vendor takes connections and answers nothing ends within its limit",
          "SIGTERM",
        ],
      ],
      "SIGTERM before it is ready": [
        [FAILED_START, "a bot that is told to end before it is ready ends within its limit", "before it was ready"],
      ],
      "SIGSTOP, then SIGCONT: a zombie": [
        [
          "test/crash/zombie.test.ts",
          "suspended %s while another finishes: it is refused, and the world shows nothing twice",
          "SIGCONT",
        ],
      ],
      "an event loop that stands still, a machine that is suspended": [
        [
          "test/engine/runs/away.test.ts",
          "guard away meanwhile: does not run out while the process that drives it stands still",
          "suspended",
        ],
      ],
      "two bots at once": [
        ["test/engine/delivery/duties.test.ts", "two processes at once perform each duty once", "at once"],
      ],
      "a second bot with the same name, on another machine": [
        [
          LEDGER,
          "two processes of one name, each with a directory of its own, are both stopped (G17)",
          "knows lines of this ledger, and its file is empty",
        ],
      ],
      "the wall clock is two hours off, or steps": [
        [
          "test/store/clock.test.ts",
          "a wall clock that is %i ms away from the store's changes nothing: the store's counts",
          "wall clock",
        ],
      ],
      "the clock of Redis is off or stands still": NOT_TRIED,
      "the disk of the log is full": NOT_TRIED,
      "EMFILE: too many open files": [
        [
          "test/store/unwritable-disk.test.ts",
          "EMFILE: a process that has every file open that it may says so of the ledger",
          "this process has too many files open",
        ],
      ],
      "nobody outside is reached: no region and no vendor answers": [
        [
          "test/engine/runs/away.test.ts",
          "guard cut off: does not run out while nobody outside answers this process, no region and no vendor",
          "no region and no vendor",
        ],
        [
          "test/app/cut-off.test.ts",
          "a process is cut off where every call to AWS fails and no vendor answers",
          "no vendor answers",
        ],
        [
          "test/engine/runs/cut-off.test.ts",
          "guard lets go: who is cut off for a minute lets go of the run, takes it no more, and another process finishes it",
          "another process",
        ],
      ],
      "DNS is dead on this machine: ENOTFOUND": [["test/integrations/slack/classify.test.ts", "$what", "ENOTFOUND"]],
      "an error that nobody caught": [
        [
          FAILED_START,
          "%s ends a bot with exit code 1, and the log says which",
          "An error was thrown and nobody caught it",
        ],
      ],
      "a promise that nobody handled": [
        [
          FAILED_START,
          "%s ends a bot with exit code 1, and the log says which",
          "A promise was rejected and nobody handled it",
        ],
      ],
      "something unexpected in a command": [
        [
          "test/doors/slack/door.test.ts",
          "unexpectedly gets a reference that the log has too, and tells nothing else",
          "reference",
        ],
      ],
      "twokey.yaml becomes wrong while it runs": [
        ["test/config/reload.test.ts", "hears of a bad file once, and of the good one after it", "twokey.yaml"],
      ],
      "a drive of a run fails five times and gets no further": [
        [
          "test/engine/runs/halts.test.ts",
          "guard tried in vain: waits for people after five tries that got no further, and fills no journal",
          "no further",
        ],
      ],
    },
  },
};
