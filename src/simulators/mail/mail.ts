import PostalMime from "postal-mime";
import { SMTPServer, type SMTPServerSession } from "smtp-server";
import { z } from "zod";
import type { Fault } from "../world/faults.ts";
import type { Simulator, World } from "../world/world.ts";

export const MailSpec = z.strictObject({
  /** Who may sign in; absent: nobody has to. */
  login: z.strictObject({ user: z.string(), password: z.string() }).optional(),
  /** Offers STARTTLS with this certificate and its key, both PEM; absent: does not offer it. */
  starttls: z.strictObject({ cert: z.string(), key: z.string() }).optional(),
  /** Machine time before each answer to a mail. */
  latencyMs: z.number().int().nonnegative().default(0),
});
export type MailSpec = z.input<typeof MailSpec>;

/** One mail as it arrived; `Message-ID` is not looked at, so a repeat stands here twice. */
export interface StoredMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly messageId: string;
  readonly date: string;
  readonly text: string;
  readonly isEncrypted: boolean;
  readonly user: string | undefined;
}

export interface MailSimulator extends Simulator {
  readonly mails: readonly StoredMail[];
}

type Stage = "connect" | "recipient" | "data";
type Ended = (error?: Error | null) => void;

/** A mail server: takes everything, forwards nothing. Faults name the stage: `connect`, `recipient` or `data`. */
export async function startMail(world: World, given: MailSpec, { port }: { port: number }): Promise<MailSimulator> {
  const spec = MailSpec.parse(given);
  const mails: StoredMail[] = [];
  const keep = (mail: StoredMail): void => {
    mails.push(mail);
    world.log.append("mail.accepted", { to: [...mail.to], subject: mail.subject, messageId: mail.messageId });
  };
  const server: SMTPServer = new SMTPServer({
    authOptional: spec.login === undefined,
    allowInsecureAuth: true,
    disabledCommands: [...(spec.starttls ? [] : ["STARTTLS"]), ...(spec.login ? [] : ["AUTH"])],
    ...(spec.starttls ?? {}),
    disableReverseLookup: true,
    closeTimeout: 100,
    onAuth: ({ username, password }, _session, done) => {
      const isKnown = username === spec.login?.user && password === spec.login?.password;
      done(isKnown ? null : new Error("Invalid credentials"), isKnown ? { user: username } : undefined);
    },
    onConnect: (session, done) => answer({ stage: "connect", session, done }),
    onRcptTo: (_address, session, done) => answer({ stage: "recipient", session, done }),
    onData: (stream, session, done) => {
      void take(stream, session).then(
        (stored) => answer({ stage: "data", session, done, happens: () => keep(stored) }),
        done,
      );
    },
  });
  const answer = answering(world, server, spec.latencyMs ?? 0);
  // A client that goes away in the middle is no event of its own.
  server.on("error", () => undefined);
  const bound = await listening(server, port);
  return {
    port: bound,
    env: { MAIL_ADDRESS: `127.0.0.1:${bound}` },
    mails,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

interface Asked {
  readonly stage: Stage;
  readonly session: SMTPServerSession;
  readonly done: Ended;
  readonly happens?: () => void;
}

/** As the faults of the world say it, and otherwise well. */
const answering =
  (world: World, server: SMTPServer, latencyMs: number) =>
  ({ stage, session, done, happens = () => undefined }: Asked): void => {
    const fault = world.faults.take("mail", stage);
    if (fault === undefined || fault.kind === "drop-after" || fault.kind === "hang-after" || fault.kind === "delay")
      happens();
    if (fault !== undefined) world.log.append("mail.fault", { stage, kind: fault.kind });
    const delayMs = (stage === "data" ? latencyMs : 0) + (fault?.kind === "delay" ? fault.machineMs : 0);
    if (fault === undefined || fault.kind === "delay") {
      if (delayMs === 0) done();
      else setTimeout(done, delayMs);
      return;
    }
    misbehave(fault, { server, session, done });
  };

function misbehave(
  fault: Fault["effect"],
  { server, session, done }: Pick<Asked, "session" | "done"> & { readonly server: SMTPServer },
): void {
  if (fault.kind === "error") {
    done(Object.assign(new Error(fault.message), { responseCode: fault.status }));
    return;
  }
  if (fault.kind === "hang" || fault.kind === "hang-after") return;
  for (const connection of server.connections) if (connection.id === session.id) connection.close();
}

/** The port that it has. */
async function listening(server: SMTPServer, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve());
  });
  const address = server.server.address();
  return typeof address === "object" && address ? address.port : port;
}

async function take(stream: AsyncIterable<Buffer>, session: SMTPServerSession): Promise<StoredMail> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  const mail = await PostalMime.parse(Buffer.concat(parts));
  const { mailFrom, rcptTo } = session.envelope;
  return {
    from: mailFrom ? mailFrom.address : "",
    to: rcptTo.map(({ address }) => address),
    subject: mail.subject ?? "",
    messageId: mail.messageId ?? "",
    date: mail.date ?? "",
    text: mail.text ?? "",
    isEncrypted: session.secure,
    user: typeof session.user === "string" ? session.user : undefined,
  };
}
