import { request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { isIP, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { brokenWay } from "../../domain/broken-way.ts";
import { saySeconds } from "../../domain/duration.ts";
import type { ProxyServer } from "./proxy.ts";

/** Machine time until a proxy has answered CONNECT: less than a change waits for its answer, so that it ends as never sent. */
const ANSWER_WITHIN_MS = 4_000;

export interface TunnelTo {
  readonly proxy: ProxyServer;
  readonly host: string;
  readonly port: number;
}

/** As a connection that was refused is told of, since nothing has been sent to the host: every judge of errors knows that. */
function noTunnel(why: string, cause?: unknown): Error {
  const error = new Error(`connect ECONNREFUSED: ${why}`, { cause });
  return Object.assign(error, { code: "ECONNREFUSED", syscall: "connect" });
}

/** A connection to a host through a proxy (CONNECT). Rejects as a refused connection; closes its socket when the signal says so. */
export function openTunnel({ proxy, host, port }: TunnelTo, signal?: AbortSignal): Promise<Socket> {
  const target = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const authorization = proxy.authorization === undefined ? {} : { "proxy-authorization": proxy.authorization };
  return new Promise((resolve, reject) => {
    const request = (proxy.isTls ? tlsRequest : plainRequest)({
      ...{ method: "CONNECT", host: proxy.host, port: proxy.port, path: target, agent: false, signal },
      headers: { host: target, ...authorization },
      // Else the certificate would have to be of the host that the header names.
      servername: isIP(proxy.host) === 0 ? proxy.host : "",
    });
    const late = `the proxy did not answer CONNECT in ${saySeconds(ANSWER_WITHIN_MS)}`;
    const timer = setTimeout(() => {
      reject(noTunnel(late));
      request.destroy();
    }, ANSWER_WITHIN_MS);
    // It stays: errors may follow the one that was reported.
    request.on("error", (error) =>
      reject(noTunnel(`the proxy cannot be reached: ${brokenWay(error) ?? "the connection broke"}`, error)),
    );
    request.once("close", () => clearTimeout(timer));
    request.once("connect", ({ statusCode }, socket: Socket, head) => {
      clearTimeout(timer);
      if (statusCode === 200 && signal?.aborted !== true) {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
        return;
      }
      socket.on("error", () => undefined).destroy();
      reject(noTunnel(`the proxy answered ${statusCode} to CONNECT`));
    });
    request.end();
  });
}

/** The same as a stream that is there at once: an agent counts and closes it from the beginning. */
export class Tunnel extends Duplex {
  readonly #to: TunnelTo;
  readonly #given = new AbortController();
  #socket: Socket | undefined;

  constructor(to: TunnelTo) {
    super();
    this.#to = to;
  }

  /** Nothing is read, written or ended before this is done. */
  override _construct(done: (error?: Error) => void): void {
    openTunnel(this.#to, this.#given.signal).then((socket) => {
      this.#socket = socket;
      socket.on("data", (part) => this.push(part) || socket.pause());
      socket.once("end", () => this.push(null));
      socket.on("error", (error) => this.destroy(error));
      socket.once("close", () => this.destroy());
      done();
    }, done);
  }

  override _read(): void {
    this.#socket?.resume();
  }

  override _write(part: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket?.write(part, encoding, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket?.end(() => done());
  }

  /** Also ends what is being opened, which `_destroy` would wait for. */
  override destroy(error?: Error): this {
    this.#given.abort();
    return super.destroy(error);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket?.destroy();
    done(error);
  }

  /** What Node's http asks of every socket; time limits are those of the call, idle connections those of the agent. */
  setTimeout(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  ref(): this {
    this.#socket?.ref();
    return this;
  }
  unref(): this {
    this.#socket?.unref();
    return this;
  }
}
