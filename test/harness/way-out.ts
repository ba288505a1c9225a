import { createSocket, type Socket as Datagrams } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { z } from "zod";

/** What becomes of what is sent: connections are refused, or everything vanishes. */
export type Cut = "refused" | "silent";

/** Slack's socket has an address that Slack itself gives: of as many digits, so that an answer stays as long as it is. */
const PORT_DIGITS = 5;
const ADDRESS = /127\.0\.0\.1:(\d+)/g;

/**
 * The way out of one process into a simulated world, which can be cut and mended: each address of its environment leads to a relay on a
 * loopback port. Redis is no part of it, nor are the write checks of the file, which every process reads.
 */
export class WayOut {
  readonly environment: Readonly<Record<string, string>>;
  readonly #relays: readonly Relay[];

  private constructor(environment: Readonly<Record<string, string>>, relays: readonly Relay[]) {
    this.environment = environment;
    this.#relays = relays;
  }

  static async into(environment: Readonly<Record<string, string>>): Promise<WayOut> {
    const relays = new Map<string, Relay>();
    const given = Object.entries(environment).filter(([name]) => name !== "WORLD_CONTROL_URL");
    for (const [name, value] of given)
      for (const [address, port = ""] of value.matchAll(ADDRESS))
        if (!relays.has(address)) relays.set(address, await (isDns(name) ? datagrams : streams)(Number(port)));
    const through = (text: string) => text.replaceAll(ADDRESS, (address) => relays.get(address)?.address ?? address);
    const led = Object.fromEntries(given.map(([name, value]) => [name, through(value)]));
    return new WayOut(led, [...relays.values()]);
  }

  cut(how: Cut): void {
    for (const relay of this.#relays) relay.cut(how);
  }

  async mend(): Promise<void> {
    for (const relay of this.#relays) await relay.mend();
  }

  close(): void {
    for (const relay of this.#relays) relay.close();
  }
}

interface Relay {
  readonly address: string;
  cut(how: Cut): void;
  mend(): Promise<void>;
  close(): void;
}

const isDns = (name: string): boolean => /DNS|NAME_SERVERS/.test(name);
const addressOf = (port: number): string => `127.0.0.1:${port}`;
const Address = z.object({ port: z.number() });

/** TCP. A connection that was open when everything vanished stays so until it is mended, and says nothing more. */
async function streams(toPort: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  let isSilent = false;
  let ownPort = 0;
  const server: Server = createServer((near) => {
    const far = isSilent ? undefined : connect(toPort, "127.0.0.1");
    for (const socket of far ? [near, far] : [near]) {
      sockets.add(socket);
      socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
    }
    if (!far) return void near.resume();
    near.on("data", (data) => isSilent || far.write(data)).once("close", () => isSilent || far.destroy());
    far
      .on("data", (data) => isSilent || near.write(renamed(data, addressOf(toPort), addressOf(ownPort))))
      .once("close", () => isSilent || near.destroy());
  });
  do {
    if (server.listening) await new Promise((resolve) => server.close(resolve));
    await once(server.listen(0, "127.0.0.1"), "listening");
    ownPort = Address.parse(server.address()).port;
  } while (String(ownPort).length !== PORT_DIGITS);
  const end = () => {
    for (const socket of sockets) socket.resetAndDestroy();
    sockets.clear();
  };
  return {
    address: addressOf(ownPort),
    cut: (how) => {
      if (how === "silent") isSilent = true;
      else {
        server.close();
        end();
      }
    },
    mend: async () => {
      isSilent = false;
      // What was silent for long has been given up by the network on the way.
      end();
      if (!server.listening) await once(server.listen(ownPort, "127.0.0.1"), "listening");
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Where Slack's answer names the port of its socket. */
function renamed(data: Buffer, from: string, to: string): Buffer {
  if (!data.includes(from)) return data;
  if (from.length !== to.length) throw new Error(`${to} does not fit where ${from} stands`);
  return Buffer.from(data.toString("latin1").replaceAll(from, to), "latin1");
}

/** UDP: each asker has a socket of its own towards the other side. */
async function datagrams(toPort: number): Promise<Relay> {
  const near = createSocket("udp4");
  const far = new Map<number, Datagrams>();
  let isCut = false;
  near.on("message", (question, { port }) => {
    if (isCut) return;
    const asker =
      far.get(port) ??
      createSocket("udp4").on("message", (answer) => {
        if (!isCut) near.send(answer, port, "127.0.0.1");
      });
    far.set(port, asker);
    asker.send(question, toPort, "127.0.0.1");
  });
  near.bind(0, "127.0.0.1");
  await once(near, "listening");
  return {
    address: addressOf(near.address().port),
    cut: () => {
      isCut = true;
    },
    mend: async () => {
      isCut = false;
    },
    close: () => {
      near.close();
      for (const socket of far.values()) socket.close();
      far.clear();
    },
  };
}
