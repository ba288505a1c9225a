import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import { z } from "zod";
import { type CertificateAuthority, createAuthority } from "../aws/certificates.ts";
import type { DatabaseEngine, DatabaseRef } from "../aws/service.ts";
import type { World } from "../world/world.ts";
import { PostgresSession } from "./session.ts";

export interface PostgresDeps {
  readonly engine: DatabaseEngine;
  readonly instances: readonly (DatabaseRef & { readonly endpoint: string })[];
}

export interface PostgresServers {
  /** Where an endpoint is really reached. */
  readonly connections: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const LOOPBACK = "127.0.0.1";
/** TwoKey's account in each of the databases, by the variable that holds its password. */
export const PASSWORD_VARIABLE = "DATABASE_OF_THE_WORLD";
/** Whether TwoKey's account may end the sessions of others, and whether its password is taken, in every database. */
const Account = z.strictObject({ mayEnd: z.boolean().default(true), mayEnter: z.boolean().default(true) });
const DAY_MS = 86_400_000;

/** Each instance as its own clients reach it: one loopback port an instance, TLS, and no more than an account needs to look after sessions. */
export async function startPostgres(world: World, { engine, instances }: PostgresDeps): Promise<PostgresServers> {
  const now = Date.now();
  const validity = { from: new Date(now - DAY_MS), to: new Date(now + 3_650 * DAY_MS) };
  const authority = createAuthority("Simulated RDS CA", validity);
  const password = randomBytes(18).toString("base64url");
  const directory = await mkdtemp(join(tmpdir(), "twokey-rds-"));
  const caFile = join(directory, "rds-ca.pem");
  await writeFile(caFile, authority.ca.pem);
  const sockets = new Set<Socket>();
  let account = Account.parse({});
  world.control.on("POST /postgres/account", (body) => {
    account = Account.parse(body);
    return account;
  });
  const opened: { readonly endpoint: string; readonly server: Server; readonly port: number }[] = [];
  for (const { endpoint, ...ref } of instances) {
    const secure = securedBy(authority, endpoint);
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
      const session = new PostgresSession(world, {
        ...{ engine, ref, mayEnd: () => account.mayEnd },
        mayEnter: (said) => account.mayEnter && said === password,
        upgrade: () => upgraded(socket, secure()),
      });
      session.serve(socket);
    });
    opened.push({ endpoint, server, port: await listening(server) });
  }
  return {
    connections: Object.fromEntries(opened.map(({ endpoint, port }) => [endpoint, `${LOOPBACK}:${port}`])),
    env: { [PASSWORD_VARIABLE]: password, RDS_CA_FILE: caFile },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(opened.map(({ server }) => new Promise((resolve) => server.close(resolve))));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Made when somebody signs in for the first time. */
function securedBy(authority: CertificateAuthority, endpoint: string): () => SecureContext {
  let context: SecureContext | undefined;
  return () => {
    if (context) return context;
    const { pem: cert, privateKey } = authority.issue(endpoint);
    context = createSecureContext({ cert, key: privateKey.export({ type: "pkcs8", format: "pem" }) });
    return context;
  };
}

function upgraded(socket: Socket, secureContext: SecureContext): TLSSocket {
  const secured = new TLSSocket(socket, { isServer: true, secureContext });
  secured.on("error", () => undefined);
  return secured;
}

async function listening(server: Server): Promise<number> {
  server.listen(0, LOOPBACK);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("There is no port");
  return address.port;
}
