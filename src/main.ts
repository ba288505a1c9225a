import { type App, startApp } from "./app/app.ts";
import { leave } from "./app/leave.ts";
import { createLogger } from "./app/log.ts";
import { Opened } from "./app/opened.ts";
import { RUNBOOK_RULES } from "./app/runbook-rules.ts";
import { sayProblem } from "./config/check.ts";
import { readEnvironment, sayEnvironmentProblems } from "./config/environment.ts";
import { loadFile } from "./config/load.ts";
import { missingForPagers } from "./config/pager-environment.ts";
import { reloadOnChange } from "./config/reload.ts";
import { readText } from "./config/text.ts";
import { chainOf } from "./domain/errors.ts";
import type { Inventory } from "./domain/service/inventory.ts";
import type { Logger } from "./ports/logger.ts";

/**
 * Production: the environment and one file in, a running bot out. Exit 1: it could not start; 2: it was called wrongly.
 * Whatever failed, the process ends.
 */
async function main(told: Told): Promise<void> {
  const environment = readEnvironment();
  if (!environment.ok) return end(2, sayEnvironmentProblems(environment.problems));
  const { settings } = environment;
  const text = await readConfig(settings.configPath);
  const loaded = loadFile(settings.configPath, text, RUNBOOK_RULES);
  if (!loaded.ok) return end(2, loaded.problems.map(sayProblem).join("\n"));
  const missing = missingForPagers(settings, Object.keys(loaded.file.pagers));
  if (missing.length > 0) return end(2, sayEnvironmentProblems(missing));
  const logger = createLogger(settings.logLevel, settings.processName);
  endWhereUnknown(logger);
  let { inventory } = loaded;
  const opened = new Opened();
  told.handsOver(() => opened.close());
  const app = await startApp(settings, () => inventory, { logger, opened });
  const reloading = follow({ path: settings.configPath, inUse: text }, { app, logger }, (next) => {
    inventory = next;
  });
  told.handsOver(async () => {
    reloading.stop();
    await app.stop();
  }, logger);
  // The line that supervisors wait for: `port` is the one that was taken.
  logger.info({ worker: app.worker, port: app.webPort, services: inventory.services.length }, "TwoKey is ready");
}

/** Nothing is known about the state any more: another process takes over within seconds, and this one starts afresh. */
function endWhereUnknown(logger: Logger): void {
  const ends = (what: string) => (error: unknown) => {
    logger.error({ error: chainOf(error) }, what);
    void leave(1);
  };
  process.on("unhandledRejection", ends("A promise was rejected and nobody handled it"));
  process.on("uncaughtException", ends("An error was thrown and nobody caught it"));
}

function follow(
  { path, inUse }: { readonly path: string; readonly inUse: string },
  { app, logger }: { readonly app: App; readonly logger: Logger },
  use: (inventory: Inventory) => void,
) {
  const say = (says: string) =>
    void app
      .announce(says)
      .catch((error: unknown) => logger.warn({ error: chainOf(error) }, "Could not say so in Slack"));
  const onGood = (next: Inventory) => {
    use(next);
    logger.info({ digest: next.digest }, "twokey.yaml was loaded again");
    say(
      `twokey.yaml was loaded again (digest ${next.digest.slice(0, 12)}). Plans that wait for keys were made with the old one and are void.`,
    );
  };
  const onBad: Parameters<typeof reloadOnChange>[1]["onBad"] = (problems) => {
    logger.error({ problems: problems.map(sayProblem) }, "twokey.yaml is wrong: the last good one stays in use");
    const [first] = problems;
    say(
      `Problems in twokey.yaml: ${problems.length}. The last good file stays in use. First: line ${first?.line ?? "?"}: ${first?.what ?? "unknown"}`,
    );
  };
  return reloadOnChange(path, { onGood, onBad }, { inUse, rules: RUNBOOK_RULES });
}

/**
 * Machine time within which a process that was told to end has closed what it can, whatever is away. With the second that `leave` gives it,
 * less than supervisors wait before they kill.
 */
const STOP_WITHIN_MS = 7_000;

interface Told {
  /** What there is to close from now on. `logger`: the bot is ready. */
  handsOver(close: () => Promise<void>, logger?: Logger): void;
  /** From then on what fails meanwhile fails because of it. */
  isToStop(): boolean;
}

/**
 * Heard from the first moment on: as the first process of a container, one without a handler is never ended by SIGTERM. Before the
 * bot is ready the start is given up.
 */
function stopWhenTold(): Told {
  let close: () => Promise<void> = async () => undefined;
  let logger: Logger | undefined;
  let isToStop = false;
  const stop = (signal: string) => {
    isToStop = true;
    logger?.info({ signal }, "Handing work over");
    const tooLate = setTimeout(() => {
      const late = "Could not stop in order in time; another process goes on from the store";
      if (!logger) return void end(1, late);
      logger.error({ signal }, late);
      void leave(1);
    }, STOP_WITHIN_MS);
    const closed = close().finally(() => clearTimeout(tooLate));
    void closed.then(
      () => (logger ? leave(0) : end(0, sayGivenUp(signal))),
      (error: unknown) => {
        if (!logger) return end(1, `Could not stop in order: ${chainOf(error)}`);
        logger.error({ error: chainOf(error) }, "Could not stop in order");
        return leave(1);
      },
    );
  };
  process.once("SIGTERM", () => stop("SIGTERM"));
  process.once("SIGINT", () => stop("SIGINT"));
  // Whoever started us holds the other end of this pipe; it closes with them, however they end.
  if (process.argv.includes("--stop-with-parent")) process.stdin.once("close", () => stop("parent gone")).resume();
  return {
    handsOver: (next, isReady) => {
      close = next;
      logger = isReady;
    },
    isToStop: () => isToStop,
  };
}

const sayGivenUp = (signal: string): string =>
  `TwoKey was told to stop (${signal}) before it was ready: nothing is left open.`;

async function readConfig(path: string): Promise<string> {
  try {
    return readText(path);
  } catch (error) {
    return end(2, `${path} cannot be read: ${chainOf(error)}. TWOKEY_CONFIG names the file.`);
  }
}

/** Not by an exit code alone: what was opened on the way, a timer or a socket, would keep the process alive. */
function end(code: number, says: string): Promise<never> {
  process.stderr.write(`${says}\n`);
  return leave(code);
}

const told = stopWhenTold();
main(told).catch(async (error: unknown) => {
  if (!told.isToStop()) await end(1, `TwoKey could not start: ${chainOf(error)}`);
});
