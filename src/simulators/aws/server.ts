import { setMaxListeners } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Random } from "../world/random.ts";
import type { Simulator, World } from "../world/world.ts";
import { CallLog } from "./call-log.ts";
import { type Disruption, disruptionOf, losesAnswer } from "./disruption.ts";
import { isKnownToIam } from "./iam/accesses.ts";
import type { Authorise } from "./iam/iam.ts";
import { anonymousProtocol, type Protocol, protocolFor, type WireAnswer, type WireRequest } from "./protocols.ts";
import { refusedInput } from "./refused-input.ts";
import { type AwsCall, AwsError, type AwsOperation, type AwsService } from "./service.ts";
import { readCredentialScope } from "./sigv4-scope.ts";

export interface AwsOptions {
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** Bounds of the uniform latency of one call, world milliseconds; a call takes that divided by the clock's speed. */
  readonly latencyMs?: { readonly low: number; readonly high: number };
  /**
   * Machine time after which AWS lets go of a connection that nobody uses: what comes on it from then on is reset before any of it is read,
   * as a request that was on its way meanwhile. Absent: it is kept.
   */
  readonly idleMs?: number;
  /** Throws where the keys that signed the call may not make it; absent: everybody may do everything. */
  readonly authorise?: Authorise;
  /** Public documents that are fetched unsigned, by path (the certificates of SNS). */
  readonly document?: (path: string) => string | undefined;
}

/** 40–250 ms is an estimate of real control-plane calls. */
export const AWS_LATENCY_MS = { low: 40, high: 250 };
/** Machine time. */
const SHORTEST_WAIT_MS = 1;
/** No API served here takes more; Route 53's largest batch stays far below. */
const LARGEST_BODY_BYTES = 1024 * 1024;
/** Well above Node's five seconds: a socket that closes under an SDK client would look like an outage. */
const KEEP_ALIVE_MS = 60_000;

interface Front {
  readonly world: World;
  readonly services: ReadonlyMap<string, AwsService>;
  readonly options: AwsOptions;
  readonly latency: Random;
  readonly ids: Random;
  readonly calls: CallLog;
  /** Aborted when the simulator stops: a call that waits then has no effect any more. */
  readonly stopped: AbortSignal;
}

/** One HTTP port for every region and service; the SigV4 credential scope of a request says which are meant. */
export async function startAws(
  world: World,
  services: readonly AwsService[],
  options: AwsOptions = {},
): Promise<Simulator> {
  const stopping = new AbortController();
  // Every call that is under way listens.
  setMaxListeners(0, stopping.signal);
  const front: Front = {
    world,
    services: new Map(services.map((service) => [service.name, service])),
    options,
    latency: world.random.fork("aws-latency"),
    ids: world.random.fork("aws-request-ids"),
    calls: new CallLog(world),
    stopped: stopping.signal,
  };
  const idle = idleConnections(options.idleMs ?? Number.POSITIVE_INFINITY);
  const server = createServer((request, response) => {
    if (!idle.resets(request, response)) void serve(front, request, response);
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const port = await listen(server, options.port ?? 0);
  return {
    port,
    env: {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: "AKIASIMULATEDWORLD00",
      AWS_SECRET_ACCESS_KEY: "simulated-world-not-a-secret",
      AWS_REGION: world.regions.names[0] ?? "us-east-1",
    },
    stop: async () => {
      stopping.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Of each connection, when it was last in use. */
function idleConnections(idleMs: number) {
  const usedMs = new WeakMap<Socket, number>();
  return {
    resets({ socket }: IncomingMessage, response: ServerResponse): boolean {
      if (performance.now() - (usedMs.get(socket) ?? Number.POSITIVE_INFINITY) >= idleMs) {
        socket.resetAndDestroy();
        return true;
      }
      response.once("finish", () => usedMs.set(socket, performance.now()));
      return false;
    },
  };
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  // A listening TCP server always has an AddressInfo; the type also covers pipes.
  return (server.address() as AddressInfo).port;
}

async function serve(front: Front, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let wire: WireRequest | undefined;
  try {
    wire = await readRequest(request);
  } catch {
    // The client went away in the middle of its request.
    response.destroy();
    return;
  }
  try {
    const document = wire?.method === "GET" ? front.options.document?.(wire.url.pathname) : undefined;
    if (document !== undefined) response.writeHead(200, { "content-type": "application/x-pem-file" }).end(document);
    else if (wire) await serveCall(front, wire, response);
    else response.writeHead(413, { connection: "close" }).end(() => request.destroy());
  } catch (error) {
    response.destroy();
    if (!front.stopped.aborted) front.world.log.append("aws.failure", { error: String(error) });
  }
}

async function readRequest(request: IncomingMessage): Promise<WireRequest | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > LARGEST_BODY_BYTES) return undefined;
    chunks.push(part);
  }
  return {
    method: request.method ?? "GET",
    url: new URL(request.url ?? "/", "http://aws"),
    headers: request.headers,
    body: Buffer.concat(chunks).toString("utf8"),
  };
}

async function serveCall(front: Front, wire: WireRequest, response: ServerResponse): Promise<void> {
  const requestId = uuid(front.ids);
  const scope = readCredentialScope(wire.headers.authorization);
  const service = scope && front.services.get(scope.service);
  if (!scope || !service) {
    const refusal = scope
      ? new AwsError("UnknownService", `The simulated AWS has no service ${scope.service}`, 404)
      : new AwsError("MissingAuthenticationToken", "Request is missing Authentication Token", 403);
    send(response, anonymousProtocol(wire.headers).refuse(refusal, requestId));
    return;
  }
  const protocol = protocolFor(service, wire.headers);
  try {
    const { operation: name, input } = protocol.decode(wire);
    const operation = operationOf(service, name);
    const call: AwsCall = {
      service: service.name,
      operation: name,
      region: scope.region,
      input,
      requestId,
      invocationId: String(wire.headers["amz-sdk-invocation-id"] ?? ""),
      attempt: Number(/attempt=(\d+)/.exec(String(wire.headers["amz-sdk-request"]))?.[1] ?? 1),
      accessKeyId: scope.accessKeyId,
      host: wire.headers.host ?? "",
    };
    await perform(front, { service, operation, protocol, call }, response);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    send(response, protocol.refuse(error, requestId));
  }
}

const NOT_IN_THIS_WORLD: AwsOperation = {
  mutates: true,
  handle: ({ operation }) => {
    throw new AwsError("UnsupportedOperation", `The simulated AWS knows of ${operation} only who may call it.`);
  },
};

function operationOf(service: AwsService, name: string): AwsOperation {
  const operation = Object.hasOwn(service.operations, name) ? service.operations[name] : undefined;
  if (operation) return operation;
  // Refused to everybody who may not; the others learn that nothing does it.
  if (isKnownToIam(service.name, name)) return NOT_IN_THIS_WORLD;
  const code = service.protocol.startsWith("json") ? "UnknownOperationException" : "InvalidAction";
  throw new AwsError(code, `The action ${name} is not valid for this web service.`);
}

interface Performance {
  readonly service: AwsService;
  readonly operation: AwsOperation;
  readonly protocol: Protocol;
  readonly call: AwsCall;
}

async function perform(front: Front, performance: Performance, response: ServerResponse): Promise<void> {
  const { world, calls } = front;
  const { service, operation, protocol, call } = performance;
  calls.arrived(call, operation);
  await onTheWire(front);
  const disruption = disruptionOf(world, service, call);
  if (disruption.delayMs !== undefined) await sleep(disruption.delayMs, undefined, { signal: front.stopped });
  if (disruption.before) {
    calls.unanswered(call, operation, disruption.before);
    if (disruption.before === "cut") response.destroy();
    return;
  }
  const answer = effect(front, performance, disruption);
  if (answer.kind === "accepted") calls.accepted(call, operation, disruption.after);
  else calls.refused(call, operation, answer.error);
  await onTheWire(front);
  if (disruption.after === "cut") response.destroy();
  if (disruption.after) return;
  if (losesAnswer(world, service, call)) {
    calls.answerLost(call, operation);
    return;
  }
  if (answer.kind === "accepted") send(response, protocol.answer(call.operation, answer.output, call.requestId));
  else send(response, protocol.refuse(answer.error, call.requestId), disruption.retryAfterSeconds);
}

type Effect =
  | { readonly kind: "accepted"; readonly output: Record<string, unknown> }
  | { readonly kind: "refused"; readonly error: AwsError };

function effect(front: Front, { service, operation, call }: Performance, disruption: Disruption): Effect {
  if (disruption.refusal) return { kind: "refused", error: disruption.refusal };
  try {
    front.options.authorise?.(service, call);
    return { kind: "accepted", output: operation.handle(call) };
  } catch (error) {
    if (error instanceof AwsError) return { kind: "refused", error };
    if (error instanceof z.ZodError) {
      return { kind: "refused", error: refusedInput(error, call.input, service.invalidParameter ?? "ValidationError") };
    }
    front.world.log.append("aws.failure", { operation: call.operation, error: String(error) });
    return { kind: "refused", error: new AwsError("InternalFailure", "An internal error has occurred", 500) };
  }
}

/** One direction of a call's latency: half of what was drawn for both. In a fast world it is less than any timer can wait. */
async function onTheWire({ world, latency, options, stopped }: Front): Promise<void> {
  const { low, high } = options.latencyMs ?? AWS_LATENCY_MS;
  const machineMs = latency.between(low, high) / 2 / world.clock.speed;
  if (machineMs >= SHORTEST_WAIT_MS) await sleep(machineMs, undefined, { signal: stopped });
}

function send(response: ServerResponse, answer: WireAnswer, retryAfterSeconds?: number): void {
  const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  response.writeHead(answer.status, { ...answer.headers, ...headers }).end(answer.body);
}

function uuid(random: Random): string {
  const hex = random.hex(32);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
