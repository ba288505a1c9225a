/** The messages of PostgreSQL's protocol, version 3, that a client needs to sign in and to ask one thing at a time. */
const SSL_REQUEST = 80_877_103;

export type ClientMessage =
  | { readonly kind: "ssl-request" }
  | { readonly kind: "startup"; readonly user: string }
  | { readonly kind: "password"; readonly text: string }
  | { readonly kind: "query"; readonly text: string }
  | { readonly kind: "terminate" };

/** Cuts a stream of bytes into messages. `isStartup`: the first ones carry no type. Throws Error for what it does not speak. */
export class ClientMessages {
  #rest = Buffer.alloc(0);
  #isStartup = true;

  push(chunk: Buffer): ClientMessage[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const messages: ClientMessage[] = [];
    for (;;) {
      const next = this.#isStartup ? this.#untyped() : this.#typed();
      if (!next) return messages;
      messages.push(next);
    }
  }

  #untyped(): ClientMessage | undefined {
    const body = this.#take(0);
    if (!body) return undefined;
    if (body.readInt32BE(0) === SSL_REQUEST) return { kind: "ssl-request" };
    this.#isStartup = false;
    const words = body.subarray(4).toString("utf8").split("\0");
    return { kind: "startup", user: words[words.indexOf("user") + 1] ?? "" };
  }

  #typed(): ClientMessage | undefined {
    const type = String.fromCharCode(this.#rest[0] ?? 0);
    const body = this.#take(1);
    if (!body) return undefined;
    const text = body.toString("utf8").replace(/\0$/, "");
    if (type === "p") return { kind: "password", text };
    if (type === "Q") return { kind: "query", text };
    if (type === "X") return { kind: "terminate" };
    throw new Error(`The simulated PostgreSQL does not speak message ${type}`);
  }

  /** The body of the next message, whose length stands after so many bytes; undefined until all of it is there. */
  #take(before: number): Buffer | undefined {
    if (this.#rest.length < before + 4) return undefined;
    const end = before + this.#rest.readInt32BE(before);
    if (this.#rest.length < end) return undefined;
    const body = this.#rest.subarray(before + 4, end);
    this.#rest = this.#rest.subarray(end);
    return body;
  }
}

/** What a query is answered with: each row has a text for each column. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Refusal {
  readonly code: string;
  readonly message: string;
}

const TEXT_TYPE = 25;

const int16 = (value: number): Buffer => {
  const buffer = Buffer.alloc(2);
  buffer.writeInt16BE(value);
  return buffer;
};
const int32 = (value: number): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
};
const text = (value: string): Buffer => Buffer.from(`${value}\0`, "utf8");

function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

const ready = (): Buffer => message("Z", Buffer.from("I"));

export const SERVER = {
  speaksTls: () => Buffer.from("S"),
  wantsPassword: () => message("R", int32(3)),
  signedIn: (pid: number) =>
    Buffer.concat([
      message("R", int32(0)),
      message("S", text("client_encoding"), text("UTF8")),
      message("K", int32(pid), int32(0)),
      ready(),
    ]),
  table: ({ columns, rows }: Table) =>
    Buffer.concat([
      message("T", int16(columns.length), ...columns.map(describeColumn)),
      ...rows.map((row) => message("D", int16(row.length), ...row.map(value))),
      message("C", text(`SELECT ${rows.length}`)),
      ready(),
    ]),
  refuses: ({ code, message: why }: Refusal) => Buffer.concat([fault("ERROR", code, why), ready()]),
  ends: ({ code, message: why }: Refusal) => fault("FATAL", code, why),
} as const;

const describeColumn = (name: string): Buffer =>
  Buffer.concat([text(name), int32(0), int16(0), int32(TEXT_TYPE), int16(-1), int32(-1), int16(0)]);

function value(column: string): Buffer {
  const bytes = Buffer.from(column, "utf8");
  return Buffer.concat([int32(bytes.length), bytes]);
}

const fault = (severity: string, code: string, why: string): Buffer =>
  message("E", text(`S${severity}`), text(`V${severity}`), text(`C${code}`), text(`M${why}`), Buffer.from([0]));
