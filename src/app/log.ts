import { type DestinationStream, pino } from "pino";
import type { Logger } from "../ports/logger.ts";

/** JSON lines, static sentence in `msg`. Secrets are typed so that they print as [secret]; these paths are the second net. */
export function createLogger(level: string, name: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { process: name },
    redact: { paths: ["*.token", "*.authorization", "*.password", "*.routing_key"], censor: "[secret]" },
  };
  return destination ? pino(options, destination) : pino(options);
}
