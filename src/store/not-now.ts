import { chainOf } from "../domain/errors.ts";

/** What Redis says where it is there and does nothing now, and what people read of it. */
const NOT_NOW: readonly (readonly [RegExp, string])[] = [
  [/\bLOADING\b/, "Redis is starting and still reads its data"],
  [/\bBUSY\b/, "Redis is busy with a script and does nothing else"],
  [/\bMASTERDOWN\b/, "Redis is a replica that has lost its primary"],
  [/max number of clients reached/, "Redis takes no more connections"],
];

/** Of a command that failed, or of the connection that it needs: undefined where Redis said nothing of the sort. */
export function whyNotNow(error: unknown, lastBreak?: Error): string | undefined {
  const said = `${chainOf(error)} ${lastBreak === undefined ? "" : chainOf(lastBreak)}`;
  return NOT_NOW.find(([words]) => words.test(said))?.[1];
}
