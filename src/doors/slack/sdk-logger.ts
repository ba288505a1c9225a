import { LogLevel, type Logger as SdkLogger } from "@slack/bolt";
import { withoutHeaders } from "../../domain/secret.ts";
import type { Logger } from "../../ports/logger.ts";

/** Bolt says what it does in prose, and at its lowest level with whole payloads: only its warnings are passed on. */
export function sdkLogger(logger: Logger): SdkLogger {
  const said = (words: unknown[]) => ({ said: withoutHeaders(words.map(String).join(" ")).slice(0, 300) });
  const ignore = () => undefined;
  return {
    debug: ignore,
    info: ignore,
    warn: (...words: unknown[]) => logger.debug(said(words), "Bolt warned"),
    error: (...words: unknown[]) => logger.warn(said(words), "Bolt reported an error"),
    setLevel: ignore,
    getLevel: () => LogLevel.WARN,
    setName: ignore,
  };
}
