import { brokenWay } from "../../domain/broken-way.ts";
import { quotedWords } from "../../domain/quoted-words.ts";
import { saidByCode } from "../../domain/said-by-code.ts";

/** What a server says of a client that it lets in no further, or of a question, and what people read of it. */
const MEANS: Readonly<Record<string, string>> = {
  ...saidByCode("the database does not take the user or the password", ["28000", "28P01", "ER_ACCESS_DENIED_ERROR"]),
  ...saidByCode("the user may not do that there", [
    "42501",
    "ER_DBACCESS_DENIED_ERROR",
    "ER_SPECIFIC_ACCESS_DENIED_ERROR",
  ]),
  ...saidByCode("the user may not do that there", ["ER_TABLEACCESS_DENIED_ERROR", "ER_KILL_DENIED_ERROR"]),
  ...saidByCode("the user may not do that there", ["ER_PROCACCESS_DENIED_ERROR"]),
  ...saidByCode("there is no such database", ["3D000", "ER_BAD_DB_ERROR"]),
  ...saidByCode("there is no such table", ["42P01", "ER_NO_SUCH_TABLE"]),
  ...saidByCode("the database lets nobody in from here", ["ER_HOST_NOT_PRIVILEGED", "ER_HOST_IS_BLOCKED"]),
  ...saidByCode("the database takes no more connections", [
    "53300",
    "ER_CON_COUNT_ERROR",
    "ER_TOO_MANY_USER_CONNECTIONS",
  ]),
  ...saidByCode("the database is starting or stopping", ["57P01", "57P02", "57P03", "ER_SERVER_SHUTDOWN"]),
  ...saidByCode("the database takes no writes", ["25006", "ER_OPTION_PREVENTS_STATEMENT", "ER_READ_ONLY_MODE"]),
};

/** Codes of a server's own: five characters of SQL's standard, or MySQL's names. All else is a driver's or Node's. */
const BY_SERVER = /^(?:[0-9A-Z]{5}|ER_[A-Z_]+)$/;

/** Clauses in our words. What the server itself said follows as a quotation; what a driver says never stands in them. */
export function sayDatabase(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const way = brokenWay(error);
  const isNetwork = way !== undefined && MEANS[code] === undefined;
  if (isNetwork || !(error instanceof Error)) return way ?? "the database gave no answer";
  if (error.name === "ZodError") return "the database's answer was not understood";
  if (!BY_SERVER.test(code)) return "the connection to the database broke";
  return `${MEANS[code] ?? "the database refuses it"} (it said ${quotedWords(error.message)})`;
}
