import { z } from "zod";
import type { Known } from "../../../../domain/service/observed.ts";
import type { Region } from "../../../../domain/service/region.ts";
import { type DatabaseLogin, ENGINES, type Engine } from "../../../../ports/database-sessions.ts";
import type { DatabaseFacts } from "../../../../ports/databases.ts";
import { database } from "./parts.ts";
import type { RdsReplica } from "./settings.ts";

export const Login = z.object({
  region: z.string(),
  instance: z.string(),
  engine: z.enum(ENGINES),
  host: z.string(),
  port: z.number(),
  database: z.string(),
  user: z.string(),
  password: z.string(),
  caFile: z.string(),
});

export const MarkerTable = z.object({ login: Login, table: z.string() });

/** Where its marker row stands; undefined as for `loginOf`. */
export function markerTableOf(
  resource: RdsReplica,
  region: Region,
  facts: Known<DatabaseFacts> | undefined,
): z.infer<typeof MarkerTable> | undefined {
  const login = loginOf(resource, region, facts);
  return login && resource.connection ? { login, table: resource.connection.marker_table } : undefined;
}

interface Marked {
  readonly in: Readonly<Record<Region, { readonly marker?: Known<true> } | undefined>>;
}

/** A row that is written on one side can be read on the other: it proves that every commit has arrived. */
export const canMark = (seen: Marked, { from, to }: { readonly from: Region; readonly to: Region }): boolean =>
  seen.in[from]?.marker?.known === true && seen.in[to]?.marker?.known === true;

/** Engines as RDS names them, by how they begin. */
const SPOKEN: readonly (readonly [string, Engine])[] = [
  ["postgres", "postgres"],
  ["mysql", "mysql"],
  ["mariadb", "mysql"],
];
const FIRST_DATABASE: Readonly<Record<Engine, string>> = { postgres: "postgres", mysql: "" };

/** How TwoKey signs in to an instance; undefined where the file names no account, or RDS does not say what is to be spoken. */
export function loginOf(
  resource: RdsReplica,
  region: Region,
  facts: Known<DatabaseFacts> | undefined,
): DatabaseLogin | undefined {
  const { connection } = resource;
  if (!connection || !facts?.known) return undefined;
  const { engine: name, port } = facts.value;
  const engine = SPOKEN.find(([start]) => name?.startsWith(start))?.[1];
  if (engine === undefined || port === undefined) return undefined;
  const { instance, endpoint } = database(resource, region);
  const { user, password, ca_file: caFile, database: named = FIRST_DATABASE[engine] } = connection;
  return { region, instance, engine, host: endpoint, port, database: named, user, password, caFile };
}
