import { readFileSync } from "node:fs";
import { type App, startApp } from "./app/app.ts";
import { createLogger } from "./app/log.ts";
import { sayProblem } from "./config/check.ts";
import { readEnvironment, sayEnvironmentProblems } from "./config/environment.ts";
import { loadFile } from "./config/load.ts";
import { missingForPagers } from "./config/pager-environment.ts";
import { watchFile } from "./config/watch.ts";
import { chainOf } from "./domain/errors.ts";
import type { Logger } from "./ports/logger.ts";

/** Production: the environment and one file in, a running bot out. Exit 1: it could not start; 2: it was called wrongly. */
async function main(): Promise<void> {
  const environment = readEnvironment();
  if (!environment.ok) return end(2, sayEnvironmentProblems(environment.problems));
  const { settings } = environment;
  const text = readFileSync(settings.configPath, "utf8");
  const loaded = loadFile(settings.configPath, text);
  if (!loaded.ok) return end(2, loaded.problems.map(sayProblem).join("\n"));
  const missing = missingForPagers(settings, Object.keys(loaded.file.pagers));
  if (missing.length > 0) return end(2, sayEnvironmentProblems(missing));
  const logger = createLogger(settings.logLevel, settings.processName);
  let inventory = loaded.inventory;
  const app = await startApp(settings, () => inventory, logger);
  const watching = watchFile(
    settings.configPath,
    {
      onGood: (next) => {
        inventory = next;
        logger.info({ digest: next.digest }, "twokey.yaml was loaded again");
        say(
          app,
          `twokey.yaml was loaded again (digest ${next.digest.slice(0, 12)}). Plans that wait for keys were made with the old one and are void.`,
          logger,
        );
      },
      onBad: (problems) => {
        logger.error({ problems: problems.map(sayProblem) }, "twokey.yaml is wrong: the last good one stays in use");
        const [first] = problems;
        say(
          app,
          `twokey.yaml has ${problems.length} problem(s), so the last good one stays in use. First: line ${first?.line ?? "?"}: ${first?.what ?? "unknown"}`,
          logger,
        );
      },
    },
    { inUse: text },
  );
  const stop = (signal: string) => {
    logger.info({ signal }, "Handing work over");
    watching.stop();
    app.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ error: chainOf(error) }, "Could not stop in order");
        process.exit(1);
      },
    );
  };
  process.once("SIGTERM", () => stop("SIGTERM"));
  process.once("SIGINT", () => stop("SIGINT"));
  if (process.argv.includes("--stop-with-parent")) {
    // Whoever started us holds the other end of this pipe; it closes with them, however they end.
    process.stdin.once("close", () => stop("parent gone")).resume();
  }
  process.on("unhandledRejection", (error) => {
    // Nothing is known about the state any more: another process takes over within seconds, and this one starts afresh.
    logger.error({ error: chainOf(error) }, "A promise was rejected and nobody handled it");
    process.exit(1);
  });
}

function say(app: App, says: string, logger: Logger): void {
  app.announce(says).catch((error: unknown) => logger.warn({ error: chainOf(error) }, "Could not say so in Slack"));
}

function end(code: number, says: string): void {
  process.stderr.write(`${says}\n`);
  process.exitCode = code;
}

main().catch((error: unknown) => end(1, `TwoKey could not start: ${chainOf(error)}`));
