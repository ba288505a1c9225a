import { z } from "zod";
import { TransientError } from "../../domain/errors.ts";
import type { Marker } from "../../ports/database-sessions.ts";
import type { Entered } from "./sign-in.ts";

/** What may stand in a statement as it is. The file and the names of runs allow no more. */
const TABLE = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$/;
const RUN = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * MySQL's names for what lets several workers apply what arrives, and for what keeps them in the order of the commits. PostgreSQL
 * replays one log, and MariaDB always commits in order.
 */
const WORKERS = ["replica_parallel_workers", "slave_parallel_workers"];
const IN_ORDER = ["replica_preserve_commit_order", "slave_preserve_commit_order"];

const Found = z.tuple([z.object({ found: z.coerce.number() })]);
const Settings = z.array(z.object({ Variable_name: z.string(), Value: z.string() }));

const columns = "(run_id, epoch, number)";
const named = (table: string): string => {
  if (!TABLE.test(table)) throw new TypeError(`${table} is no name of a table`);
  return table;
};
function values({ run, epoch, number }: Marker): string {
  if (!RUN.test(run)) throw new TypeError(`${run} is no name of a run`);
  return `('${run}', ${z.int().parse(epoch)}, ${z.int().parse(number)})`;
}

type Asked = Pick<Entered, "ask">;

/** Throws TransientError where it cannot be written. The plan of a statement is made with the rights that the statement needs. */
export async function tryWriting(own: Asked, table: string, signal: AbortSignal | undefined): Promise<true> {
  const row = values({ run: "none", epoch: 0, number: 0 });
  await own.ask(`explain insert into ${named(table)} ${columns} values ${row}`, signal);
  return true;
}

/** Throws TransientError where it cannot be read, or a row that is seen would prove nothing. */
export async function tryReading(own: Asked, table: string, signal: AbortSignal | undefined): Promise<true> {
  await isThere(own, { table, marker: { run: "none", epoch: 0, number: 0 } }, signal);
  return true;
}

/** Throws TransientError where several workers may show rows in another order than that of the commits. */
export async function needCommitOrder(own: Asked, signal: AbortSignal | undefined): Promise<void> {
  const names = [...WORKERS, ...IN_ORDER].map((name) => `'${name}'`).join(", ");
  const settings = Settings.parse(await own.ask(`show global variables where variable_name in (${names})`, signal));
  const said = (wanted: readonly string[]) => settings.find(({ Variable_name: name }) => wanted.includes(name))?.Value;
  const workers = Number(said(WORKERS) ?? 0);
  const isInOrder = said(IN_ORDER) ?? "ON";
  if (workers > 1 && isInOrder !== "ON")
    throw new TransientError("rows-out-of-order", `${workers} workers apply rows, and ${IN_ORDER[0]} is ${isInOrder}`);
}

interface Row {
  readonly table: string;
  readonly marker: Marker;
}

/** An account may be set to commit nothing by itself. */
export async function write(own: Asked, { table, marker }: Row, signal: AbortSignal | undefined): Promise<void> {
  await own.ask(`insert into ${named(table)} ${columns} values ${values(marker)}`, signal);
  await own.ask("commit", signal);
}

export async function isThere(own: Asked, { table, marker }: Row, signal: AbortSignal | undefined): Promise<boolean> {
  const where = `where ${columns} = ${values(marker)}`;
  const [{ found }] = Found.parse(await own.ask(`select count(*) as found from ${named(table)} ${where}`, signal));
  return found > 0;
}
