import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { type ByHandBlock, pastedLines } from "../../src/domain/plan-run/by-hand.ts";
import type { PlannedStep } from "../../src/domain/plan-run/plan.ts";
import type { FailoverWorld } from "./failover-world.ts";

function requireCli(): void {
  if (spawnSync("aws", ["--version"]).status !== 0)
    throw new Error(
      "The commands by hand are pasted into the AWS CLI, and none was found. Debian and Ubuntu: apt-get install awscli.",
    );
}

/**
 * What stands in front of the pasted text, which stays as people get it: where the CLI finds this world, and what answers for the
 * programs beside it. A write check is really asked; names and pages of this world stand at addresses that only its own clients know.
 */
const inFront = (endpoint: string): string[] => [
  "exec 2>&1",
  // Route 53 has one endpoint, and needs no region there; at any other endpoint it does.
  `aws() { case "$1" in route53) command aws --endpoint-url ${endpoint} --region us-east-1 "$@" ;; *) command aws --endpoint-url ${endpoint} "$@" ;; esac; }`,
  `curl() { case "$*" in *POST*) command curl "$@" ;; *) echo 200 ;; esac; }`,
  "dig() { :; }",
  `psql() { while read -r told; do case "$told" in *"signed in"*) echo "signed in" ;; *terminate*) echo 0 ;; esac; done; }`,
];

/** Machine time for one paste, and for what people wait for behind it. */
const PASTE_WITHIN_MS = 180_000;
const COMES_TRUE_WITHIN_MS = 180_000;

/** One bash, into which people paste one block after another. */
export class Shell {
  readonly #bash: ChildProcessByStdio<Writable, Readable, null>;
  readonly #directory: string;
  #said = "";
  #pastes = 0;

  private constructor(bash: ChildProcessByStdio<Writable, Readable, null>, directory: string) {
    this.#bash = bash;
    this.#directory = directory;
    bash.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#said += text;
    });
  }

  static async open({ whole: { env } }: Pick<FailoverWorld, "whole">): Promise<Shell> {
    requireCli();
    const directory = await mkdtemp(join(tmpdir(), "twokey-real-cli-"));
    const bash = spawn("bash", ["--norc"], {
      cwd: directory,
      stdio: ["pipe", "pipe", "inherit"],
      env: {
        ...{ PATH: process.env["PATH"], HOME: directory, DATABASE_GUESTS: "a password" },
        ...{ AWS_ACCESS_KEY_ID: env["AWS_ACCESS_KEY_ID"], AWS_SECRET_ACCESS_KEY: env["AWS_SECRET_ACCESS_KEY"] },
      },
    });
    const shell = new Shell(bash, directory);
    await shell.paste([...inFront(env["AWS_ENDPOINT_URL"] ?? ""), 'export AWS_PAGER=""']);
    return shell;
  }

  /** What the lines print. */
  async paste(lines: readonly string[]): Promise<string> {
    this.#pastes += 1;
    const end = `end of paste ${this.#pastes}`;
    this.#said = "";
    this.#bash.stdin.write(`${lines.join("\n")}\necho; echo '${end}'\n`);
    const signal = AbortSignal.timeout(PASTE_WITHIN_MS);
    while (!this.#said.includes(end)) {
      await once(this.#bash.stdout, "data", { signal }).catch(() => {
        throw new Error(`bash does not come to the end of:\n${lines.join("\n")}\n\nIt said:\n${this.#said}`);
      });
    }
    return this.#said.slice(0, this.#said.indexOf(end)).trim();
  }

  /** As people do it: block after block, and each one's last command again until what it says is true. */
  async pasteSteps(steps: readonly PlannedStep[]): Promise<void> {
    for (const step of steps) for (const block of step.byHand) await this.#pasteBlock(step, block);
  }

  async #pasteBlock({ id }: PlannedStep, block: ByHandBlock): Promise<void> {
    const lines = pastedLines(block, { number: "1" });
    const last = lines.at(-1) ?? "";
    const isTrue = gateOf(block);
    const deadline = Date.now() + COMES_TRUE_WITHIN_MS;
    for (let said = await this.paste(lines); ; said = await this.paste([last])) {
      if (said.includes("FAILED in step") || !said.includes(`Go on ${block.goOn}`))
        throw new Error(`${id} fails:\n${lines.join("\n")}\n\nIt said:\n${said}`);
      const answer = said.slice(0, said.lastIndexOf("Go on ")).trim();
      if (isTrue(answer)) return;
      if (Date.now() > deadline)
        throw new Error(`${id} does not come true: ${block.goOn}\n${last}\n\nIt said:\n${said}`);
    }
  }

  async close(): Promise<void> {
    const ended = once(this.#bash, "exit");
    // What was started behind a paste may still wait for words.
    this.#bash.kill("SIGKILL");
    await ended;
    await rm(this.#directory, { recursive: true, force: true });
  }
}

const lastLine = (answer: string): string => answer.split("\n").at(-1) ?? "";

/** What a person reads behind “Go on”, for a machine. A sentence that is not here is an error: nobody would know whether it is true. */
const GATES: readonly (readonly [RegExp, (answer: string, said: RegExpExecArray) => boolean])[] = [
  [/^when that says (0|200|INSYNC)\.$/, (answer, [, wanted = ""]) => lastLine(answer) === wanted],
  // The simulated check says besides what it has written.
  [/^when that says \{"written":true\}\.$/, (answer) => lastLine(answer).includes('"written":true')],
  [/^when each line says STOPPED\./, (answer) => answer.split("\n").every((line) => ["STOPPED", ""].includes(line))],
  [/^when each of them says \[\]\.$/, (answer) => /(^|\n)\[\]$/.test(answer)],
  [/^when you have written down the newest of the Timestamps/, (answer) => answer.includes('"Timestamp": ')],
  [
    /^when each of the newest (\d+) Timestamps/,
    (answer, [, least]) => answer.split('"Timestamp": ').length > Number(least),
  ],
  [/^when the source is null and the status is available/, (answer) => /\[\s*"available",\s*null\s*\]$/.test(answer)],
  [
    /^when the first number is (\d+) or more\.$/,
    (answer, [, least]) => Number(lastLine(answer).split("\t")[0]) >= Number(least),
  ],
  [/^when that says: signed in;/, (answer) => lastLine(answer) === "signed in"],
  [/^when the last round says 0\.$/, (answer) => lastLine(answer) === "0"],
  [/^without waiting/, () => true],
  [/^when that names (.+)\.$/, (answer, [, names = ""]) => names.split(", ").every((name) => answer.includes(name))],
  [/^when those are the sets that the plan wrote/, (answer) => answer.includes('"ResourceRecordSets"')],
  // Of programs that are not really run here.
  [/^(1 min after|when that answers)/, () => true],
];

function gateOf({ goOn }: ByHandBlock): (answer: string) => boolean {
  for (const [sentence, isTrue] of GATES) {
    const said = sentence.exec(goOn);
    if (said) return (answer) => isTrue(answer, said);
  }
  throw new Error(`nobody here can read: go on ${goOn}`);
}
