import { readFile } from "node:fs/promises";
import { Client } from "pg";
import type { DatabaseRef } from "../../src/simulators/aws/service.ts";
import { PASSWORD_VARIABLE } from "../../src/simulators/postgres/server.ts";
import type { WholeWorld } from "../../src/simulators/whole-world.ts";

/** A program of its own, such as a nightly report, with a socket to one database. */
export interface ConnectedProgram {
  /** Inserts one order; resolves to what PostgreSQL says: `written`, or the SQLSTATE or the words of its refusal. */
  write(id: string): Promise<string>;
  /** Resolves once the server has ended the connection. */
  readonly ended: Promise<unknown>;
  close(): Promise<void>;
}

/** Signs in over TLS as any client does. */
export async function connectProgram(whole: WholeWorld, ref: DatabaseRef, user: string): Promise<ConnectedProgram> {
  const endpoint =
    whole.rds.speakPostgres().find((one) => one.region === ref.region && one.instance === ref.instance)?.endpoint ?? "";
  const [host, port] = (JSON.parse(whole.env["CONNECT_MAP"] ?? "{}")[endpoint] ?? "").split(":");
  const client = new Client({
    ...{ host, port: Number(port), user, password: whole.env[PASSWORD_VARIABLE] },
    ssl: { ca: await readFile(whole.env["RDS_CA_FILE"] ?? "", "utf8"), servername: endpoint },
  });
  // One that is ended in the middle says so here; without a listener that would end the tests.
  client.on("error", () => undefined);
  const ended = new Promise<void>((resolve) => {
    client.once("end", resolve);
  });
  await client.connect();
  return {
    ended,
    write: async (id) => {
      try {
        await client.query(`insert into orders (id) values ('${id}')`);
        return "written";
      } catch (error) {
        return String((error as { code?: string; message?: string }).code ?? error);
      }
    },
    close: () => client.end(),
  };
}
