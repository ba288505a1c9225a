import { createSocket, type Socket as UdpSocket } from "node:dgram";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type DecodedPacket, decode, type Packet } from "dns-packet";
import type { Simulator, World } from "../world/world.ts";
import type { Authority } from "./authority.ts";
import { type Place, placeIn } from "./places.ts";
import { askAuthority, createResolver, type Resolution } from "./resolver.ts";
import { failureOf, protocolAnswer, replyTo, sizedFor, type Transport } from "./wire.ts";

export interface DnsOptions {
  /** Port of the name servers; 0 or absent: any free one. */
  readonly port?: number;
  /** Independent public resolvers, each with a cache of its own; ports as above. */
  readonly resolverPorts?: readonly number[];
}

export interface DnsAuthorities {
  readonly public: Authority;
  readonly vpc: Authority;
}

export interface DnsSimulator extends Simulator {
  /** Public resolvers, in the order asked. */
  readonly resolverPorts: readonly number[];
  /** A resolver inside an associated VPC: it also answers private zones. */
  readonly vpcResolverPort: number;
}

/** A port that answers over UDP and TCP alike. */
interface Endpoint {
  readonly port: number;
  close(): Promise<void>;
}

interface Serving {
  readonly world: World;
  /** By which a planned fault means this server alone. */
  readonly name: string;
  readonly answer: Answerer;
}

type Answerer = (query: DecodedPacket) => Packet;

const PORT_ATTEMPTS = 20;
/** The public resolvers, in their order: what is routed by place they may answer each in its own way. */
const RESOLVERS_STAND_IN = ["eu-central-1", "us-east-1"] as const;

/**
 * The name servers of every zone (`port`: AA set, RD ignored, no cache) and caching resolvers beside them. No outage of
 * a region touches DNS; planned faults of vendor `dns`, operation `query`, do.
 */
export async function startDns(
  world: World,
  authorities: DnsAuthorities,
  options: DnsOptions = {},
): Promise<DnsSimulator> {
  const fromAuthority = (view: Authority): Answerer =>
    answering("authority", (name, type) => askAuthority(view, name, type));
  const fromCache = (view: Authority, place?: Place): Answerer => {
    const resolver = createResolver(world.clock, view, place);
    return answering("resolver", (name, type) => resolver.resolve(name, type));
  };
  const opened = (port: number, name: string, answer: Answerer) => open({ world, name, answer }, port);
  const nameServer = await opened(options.port ?? 0, "name-server", fromAuthority(authorities.vpc));
  const vpcResolver = await opened(0, "vpc-resolver", fromCache(authorities.vpc));
  const resolvers: Endpoint[] = [];
  for (const [index, port] of (options.resolverPorts ?? [0, 0]).entries()) {
    const place = placeIn(RESOLVERS_STAND_IN[index % RESOLVERS_STAND_IN.length] ?? "");
    resolvers.push(await opened(port, `resolver-${index + 1}`, fromCache(authorities.public, place)));
  }
  const resolverPorts = resolvers.map((resolver) => resolver.port);
  return {
    port: nameServer.port,
    resolverPorts,
    vpcResolverPort: vpcResolver.port,
    env: {
      DNS_NAME_SERVERS: `127.0.0.1:${nameServer.port}`,
      DNS_RESOLVERS: resolverPorts.map((port) => `127.0.0.1:${port}`).join(","),
      DNS_VPC_RESOLVER: `127.0.0.1:${vpcResolver.port}`,
    },
    stop: async () => {
      await Promise.all([nameServer, vpcResolver, ...resolvers].map((endpoint) => endpoint.close()));
    },
  };
}

function answering(role: "authority" | "resolver", resolve: (name: string, type: string) => Resolution): Answerer {
  return (query) => {
    const early = protocolAnswer(query);
    const question = query.questions?.[0];
    if (early || !question) return early ?? failureOf(query);
    return replyTo(query, resolve(question.name, question.type), role);
  };
}

/** TCP first, then UDP on the number it got; a taken UDP port means another try. */
async function open(serving: Serving, wanted: number): Promise<Endpoint> {
  for (let attempt = 1; ; attempt++) {
    const tcp = createServer((socket) => serveTcp(serving, socket));
    await listen(tcp, wanted);
    const { port } = tcp.address() as AddressInfo;
    const udp = createSocket("udp4");
    try {
      await bind(udp, port);
    } catch (error) {
      udp.close();
      tcp.close();
      if (wanted !== 0 || attempt === PORT_ATTEMPTS) throw error;
      continue;
    }
    udp.on("message", (message, from) => {
      void replyBytes(serving, message, "udp").then((bytes) => bytes && udp.send(bytes, from.port, from.address));
    });
    const sockets = new Set<Socket>();
    tcp.on("connection", (socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    });
    return { port, close: () => closeBoth(udp, tcp, sockets) };
  }
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
}

async function bind(udp: UdpSocket, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    udp.once("error", reject);
    udp.bind(port, "127.0.0.1", resolve);
  });
}

async function closeBoth(udp: UdpSocket, tcp: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  await Promise.all([
    new Promise<void>((resolve) => udp.close(() => resolve())),
    new Promise<void>((resolve) => tcp.close(() => resolve())),
  ]);
}

/** Messages over TCP carry their length in two bytes (RFC 1035, section 4.2.2). */
function serveTcp(serving: Serving, socket: Socket): void {
  let pending = Buffer.alloc(0);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const length = pending.readUInt16BE(0);
      const message = pending.subarray(2, 2 + length);
      pending = pending.subarray(2 + length);
      void replyBytes(serving, message, "tcp").then((bytes) => {
        if (!bytes || socket.destroyed) return;
        const prefix = Buffer.alloc(2);
        prefix.writeUInt16BE(bytes.length, 0);
        socket.write(Buffer.concat([prefix, bytes]));
      });
    }
  });
}

/** Undefined: no answer, for unreadable messages, answers of others, and planned silence. */
async function replyBytes(
  { world, name, answer }: Serving,
  message: Buffer,
  transport: Transport,
): Promise<Buffer | undefined> {
  const query = readQuery(message);
  if (!query) return undefined;
  const fault = world.faults.take("dns", "query", { region: name });
  switch (fault?.kind) {
    case "drop-before":
    case "drop-after":
    case "hang":
    case "hang-after":
      return undefined;
    case "error":
      return sizedFor(query, failureOf(query), transport);
    case "delay":
      await sleep(fault.machineMs);
      break;
    case undefined:
      break;
  }
  try {
    return sizedFor(query, answer(query), transport);
  } catch {
    // A value that the wire cannot carry fails its own name, not the server.
    return sizedFor(query, failureOf(query), transport);
  }
}

/** An answer that comes in as a question is answered by nobody: two servers would go on for ever. */
function readQuery(message: Buffer): DecodedPacket | undefined {
  try {
    const packet = decode(message);
    return packet.flag_qr ? undefined : packet;
  } catch {
    return undefined;
  }
}
