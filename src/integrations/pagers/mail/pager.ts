import { createHash } from "node:crypto";
import { createTransport } from "nodemailer";
import { askWith, type Secret } from "../../../domain/secret.ts";
import type { CallRequest, Pager } from "../../../ports/pager.ts";
import { OK, type Proof, RESTART } from "../../../ports/proof.ts";
import { failureOf, receptionOf } from "./classify.ts";
import { bodyOf, subjectOf } from "./message.ts";

export const NAME = "mail";

export interface MailOptions {
  /** `host:port`. */
  readonly server: string;
  /** `none`: for a stand-in on this machine only. */
  readonly tls: "starttls" | "implicit" | "none";
  readonly from: string;
  readonly login?: { readonly user: Secret; readonly password: Secret } | undefined;
  /** Certificates (PEM) that the server's is checked against; absent: those of the system. */
  readonly authorities?: readonly string[] | undefined;
  readonly answerWithinMs?: number | undefined;
}

/** Machine time for each stage of a delivery: a mail that hangs must not hold its duty's claim. */
const ANSWER_WITHIN_MS = 5_000;

/**
 * Mail as a pager that only tells: nothing is opened, nothing can be acknowledged. One connection a mail, so a server that
 * closes idle ones is no failure. The same page key is the same Message-ID, by which receivers know a repeat.
 */
export function createMail(options: MailOptions): Pager {
  return {
    name: NAME,
    addressOf: ({ email }) => email,
    call: async (request) => {
      const to = [...request.users, ...request.policies];
      if (to.length === 0) return { kind: "accepted", value: { covered: [] } };
      const failed = await asking(options, (transport) =>
        transport.sendMail({ ...contentOf(request, options.from), to }),
      );
      return failed ? failureOf(failed.error) : { kind: "accepted", value: { covered: [] } };
    },
    proofs: [
      proofOfMail(options.server, () => asking({ ...options, login: aloneIn(options) }, (each) => each.verify())),
    ],
    close: () => undefined,
  };
}

type Failed = { readonly error: unknown } | undefined;

/** A transport for each question: it keeps its password, and ours may change. */
function asking(options: MailOptions, ask: (transport: Transport) => Promise<unknown>): Promise<Failed> {
  const by = async (login: MailLogin | undefined): Promise<Failed> => {
    const transport = transportFor(options, login);
    try {
      await ask(transport);
      return undefined;
    } catch (error) {
      return { error };
    } finally {
      transport.close();
    }
  };
  if (!options.login) return by(undefined);
  const { user, password } = options.login;
  const judge = (failed: Failed) => (failed ? receptionOf(failed.error) : "taken");
  return askWith(password, (pass) => by({ user: user.reveal(), pass }), judge);
}

const aloneIn = ({ login }: MailOptions) => login && { ...login, password: login.password.alone() };

interface MailLogin {
  readonly user: string;
  readonly pass: string;
}

type Transport = ReturnType<typeof transportFor>;

function transportFor(options: MailOptions, login: MailLogin | undefined) {
  const [host = "", port] = options.server.split(/:(?=\d+$)/);
  const withinMs = options.answerWithinMs ?? ANSWER_WITHIN_MS;
  return createTransport({
    host,
    port: Number(port),
    secure: options.tls === "implicit",
    requireTLS: options.tls === "starttls",
    ignoreTLS: options.tls === "none",
    ...(options.authorities ? { tls: { ca: [...options.authorities] } } : {}),
    ...(login ? { auth: login } : {}),
    ...{ connectionTimeout: withinMs, greetingTimeout: withinMs, socketTimeout: withinMs, dnsTimeout: withinMs },
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
}

/** Greeting, encryption and sign-in, up to where a mail would begin. */
const proofOfMail = (server: string, verify: () => Promise<Failed>): Proof => ({
  ...{ id: "mail-server", proves: `the mail server ${server} lets TwoKey in`, neededBy: "no move" },
  prove: async () => {
    const failed = await verify();
    if (!failed) return OK;
    if (failureOf(failed.error).kind !== "rejected") return { kind: "unknown", why: "the mail server gives no answer" };
    return {
      kind: "wrong",
      what: `The mail server ${server} does not let TwoKey in.`,
      instead: `Check MAIL_USER and MAIL_PASSWORD, ${RESTART}`,
    };
  },
});

function contentOf(request: CallRequest, from: string) {
  return {
    from: { name: "TwoKey", address: from },
    subject: subjectOf(request),
    text: bodyOf(request),
    messageId: messageId(request.pageKey, from),
    // One thread for everything about one thing.
    references: [messageId(request.dedupKey, from)],
    date: new Date(request.atMs),
    headers: { "Auto-Submitted": "auto-generated" },
  };
}

export function messageId(key: string, from: string): string {
  const hash = createHash("sha256").update(key).digest("hex").slice(0, 40);
  return `<${hash}@${from.slice(from.lastIndexOf("@") + 1)}>`;
}
