#!/usr/bin/env node
import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { READING } from "./commands/reading.ts";
import { type CommandResult, check, sayProblem, schema } from "./config/check.ts";
import {
  readClientEnvironment,
  readConfigPath,
  readEnvironment,
  readLedgerDirectory,
  readLedgerKey,
  readProxies,
  sayEnvironmentProblems,
} from "./config/environment.ts";
import { loadFile } from "./config/load.ts";
import { missingForPagers } from "./config/pager-environment.ts";
import { readText } from "./config/text.ts";
import { chainOf, UserError } from "./domain/errors.ts";
import { type Found, NOTHING_FOUND } from "./domain/service/found.ts";
import { type Inventory, withFound } from "./domain/service/inventory.ts";
import { asItLooks } from "./domain/typed-words.ts";
import { inTerminal, type Printed, type ReadingApp } from "./doors/terminal/terminal.ts";
import { mergeFound } from "./flows/discover.ts";
import type { Logger } from "./ports/logger.ts";
import { readFoundIn } from "./store/found-file.ts";
import { type VerifiedFile, verifyLedgers } from "./store/ledger-verify.ts";

/**
 * The terminal door. It reads and checks; it cannot prove who is asking, so it turns no keys. What needs the clients of AWS is
 * loaded by the verb that asks for it: the others answer in half the time.
 */
interface Verb {
  readonly usage: string;
  readonly says: string;
  readonly run: (args: readonly string[]) => Promise<Printed> | Printed | CommandResult;
}

const VERBS: Readonly<Record<string, Verb>> = {
  ...Object.fromEntries(
    Object.entries(READING).map(([word, verb]): [string, Verb] => [
      word,
      { ...verb, run: (args) => inTerminal(verb, args, openApp) },
    ]),
  ),
  check: {
    usage: "check FILE",
    says: "Report every problem of a twokey.yaml at once",
    run: async (args) => check(args, { readText, remembered, rules: await rules() }),
  },
  schema: {
    usage: "schema [--markdown]",
    says: "Print the JSON Schema of twokey.yaml, or its reference page",
    run: async (args) => schema(args, await rules()),
  },
  explain: {
    usage: "explain [SERVICE]",
    says: "Show each setting of a service, where it comes from and how old it is",
    run: async (args) =>
      (await import("./app/explain.ts")).explain(args, {
        file: readConfigPath(),
        readText,
        remembered,
        nowMs: Date.now(),
        awsEndpoint: undefined,
        proxies: proxiesOfShell,
      }),
  },
  doctor: {
    usage: "doctor [--json]",
    says: "Prove each secret, right and setting by a harmless call",
    run: async (args) =>
      (await import("./app/doctor.ts")).doctor(args, {
        open: openBot,
        say: (line) => void process.stdout.write(`${line}\n`),
        logger: silent,
      }),
  },
  "lint-procedure": {
    usage: "lint-procedure FILE...",
    says: "Find what is dangerous in a written runbook or script",
    run: async (args) => (await import("./app/lint-procedure.ts")).lintProcedure(args, { readText }),
  },
  policy: {
    usage: "policy [WHICH] [SERVICE]",
    says: "Print the IAM policy of a role: execute, observe or delete",
    run: async (args) =>
      (await import("./app/policy.ts")).policy(args, {
        file: readConfigPath(),
        readText,
        found: await remembered(),
      }),
  },
  approve: {
    usage: "approve PLAN",
    says: "Refused here: a terminal cannot prove who turns a key",
    run: () => ({
      exitCode: 1,
      text: "A key cannot be turned from the terminal: it cannot prove who is asking. Press “Review and turn my key” on the plan card in Slack.",
    }),
  },
  ledger: {
    usage: "ledger PATH [SEAL]",
    says: "Verify the hash chain of a ledger file or directory, and that a plan card's line is there",
    run: ledger,
  },
};

/** Beside the answer, so that a program which reads that does not stumble. */
const complain = (why: string): void => void process.stderr.write(`${why}\n`);

/** Some of them ask what a step needs of AWS. */
const rules = async () => (await import("./app/runbook-rules.ts")).RUNBOOK_RULES;

/** What the bots of this machine know of AWS. */
async function remembered(): Promise<Found> {
  const directory = readLedgerDirectory();
  return directory === undefined
    ? NOTHING_FOUND
    : (await readFoundIn(directory, complain)).reduce(mergeFound, NOTHING_FOUND);
}

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
};

/** What is said of a question is said by its answer: nothing is logged. */
async function openApp(): Promise<ReadingApp> {
  const environment = readClientEnvironment();
  if (!environment.ok) throw new UserError("environment", sayEnvironmentProblems(environment.problems));
  const inventory = readInventory(environment.settings.configPath);
  const { createClient } = await import("./app/client.ts");
  return createClient(environment.settings, inventory, silent);
}

/** What a bot of this machine would start with. */
function proxiesOfShell() {
  const read = readProxies();
  if (!read.ok) throw new UserError("environment", sayEnvironmentProblems(read.problems));
  return read.proxies;
}

async function openBot() {
  const environment = readEnvironment();
  if (!environment.ok) throw new UserError("environment", sayEnvironmentProblems(environment.problems));
  const { settings } = environment;
  const inventory = readInventory(settings.configPath);
  const missing = missingForPagers(settings, Object.keys(inventory.file.pagers));
  if (missing.length > 0) throw new UserError("environment", sayEnvironmentProblems(missing));
  return { settings, inventory: withFound(inventory, await remembered()) };
}

function configText(path: string): string {
  try {
    return readText(path);
  } catch (error) {
    throw new UserError("config-unreadable", `${path} cannot be read: ${chainOf(error)}`);
  }
}

function readInventory(path: string): Inventory {
  if (!existsSync(path)) throw new UserError("config-missing", `${path} does not exist. TWOKEY_CONFIG names the file.`);
  const loaded = loadFile(path, configText(path));
  if (!loaded.ok) throw new UserError("config-wrong", loaded.problems.map(sayProblem).join("\n"));
  return loaded.inventory;
}

async function ledger(args: readonly string[]): Promise<CommandResult> {
  const [path, seal] = args;
  const isSeal = seal === undefined || /^[0-9a-f]{8,64}$/.test(seal);
  if (path === undefined || args.length > 2 || !isSeal)
    return { exitCode: 2, text: "Usage: twokey ledger PATH [SEAL]. A seal is 8 to 64 hex digits, as on a plan card." };
  if (!existsSync(path)) return { exitCode: 2, text: `${path} does not exist` };
  const key = readLedgerKey();
  if (key === undefined)
    return {
      exitCode: 2,
      text: "TWOKEY_LEDGER_KEY must be the key that the ledger was written with: 32 characters or more.",
    };
  const files = await verifyLedgers(path, key, seal);
  if (files.length === 0) return { exitCode: 2, text: `${path} holds no ledger` };
  const isBroken = files.some(({ broken }) => broken !== undefined);
  const isMissing = seal !== undefined && files.every(({ found }) => found === undefined);
  const missing = isMissing
    ? [`No line has the seal ${seal}: the ledger's end is cut off, or it is the ledger of another machine.`]
    : [];
  return { exitCode: isBroken || isMissing ? 1 : 0, text: [...files.map(sayVerified), ...missing].join("\n") };
}

function sayVerified({ path, lines, broken, found, goesOnFrom }: VerifiedFile): string {
  if (broken !== undefined)
    return `${path}: line ${broken} does not fit the chain. Lines before it are as they were written.`;
  const before = goesOnFrom === undefined ? "" : ` It goes on from ${goesOnFrom}, which is not here.`;
  const there = found === undefined ? "" : ` Line ${found} has that seal.`;
  return `${path}: ${lines} lines, the chain holds.${there}${before}`;
}

function help(): string {
  const lines = Object.values(VERBS).map(({ usage, says }) => `  twokey ${usage.padEnd(22)} ${says}`);
  return [
    "TwoKey: alarm in, people paged, failover out when two people have turned their keys.",
    "",
    ...lines,
    "",
    "twokey <verb> --help says more. Everything else is asked in Slack: /dr help",
    "Exit codes: 0 answered, or nothing is wrong; 1 no answer, or something is wrong; 2 called wrongly.",
  ].join("\n");
}

/** What goes wrong is a sentence for a person: the trace of a program tells them nothing. */
async function answerTo(verb: Verb | undefined): Promise<Printed | CommandResult> {
  if (word === "--version") return { exitCode: 0, text: `twokey ${version()}` };
  if (!verb)
    return { exitCode: wantsHelp ? 0 : 2, text: wantsHelp ? help() : `twokey has no verb “${word}”.\n\n${help()}` };
  try {
    return await verb.run(args);
  } catch (error) {
    return { exitCode: 1, text: `twokey ${word} did not work: ${chainOf(error)}` };
  }
}

const version = (): string =>
  z.object({ version: z.string() }).parse(JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")))
    .version;

// A reader that has seen enough, such as head, closes the pipe.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

const [typed = "help", ...args] = process.argv.slice(2);
const word = asItLooks(typed);
const verb = Object.hasOwn(VERBS, word) ? VERBS[word] : undefined;
const wantsHelp = ["help", "--help", "-h"].includes(word);
const result = await answerTo(verb);
const isAnswer = result.exitCode === 0 || ("isAnswer" in result && result.isAnswer === true);
(isAnswer ? process.stdout : process.stderr).write(`${result.text}\n`);
process.exitCode = result.exitCode;
