/** Static sentence, facts as fields. Satisfied by pino. */
export interface Logger {
  debug(facts: object, sentence: string): void;
  info(facts: object, sentence: string): void;
  warn(facts: object, sentence: string): void;
  error(facts: object, sentence: string): void;
  child(facts: Record<string, unknown>): Logger;
}
