import type { Logger } from "../../../src/ports/logger.ts";

const nothing = () => undefined;
export const silent: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => silent };

export interface Line {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly sentence: string;
  readonly facts: object;
}

/** A logger that keeps what was said. */
export function memoryLogger(): { logger: Logger; lines: Line[] } {
  const lines: Line[] = [];
  const at = (level: Line["level"], bound: object) => (facts: object, sentence: string) =>
    void lines.push({ level, sentence, facts: { ...bound, ...facts } });
  const make = (bound: object): Logger => ({
    debug: at("debug", bound),
    info: at("info", bound),
    warn: at("warn", bound),
    error: at("error", bound),
    child: (facts) => make({ ...bound, ...facts }),
  });
  return { logger: make({}), lines };
}
