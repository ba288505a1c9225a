import { createHash } from "node:crypto";
import { createTransport } from "nodemailer";
import type { Secret } from "../../../domain/secret.ts";
import type { CallRequest, Pager } from "../../../ports/pager.ts";
import { OK, type Proof } from "../../../ports/proof.ts";
import { failureOf } from "./classify.ts";
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
  const [host = "", port] = options.server.split(/:(?=\d+$)/);
  const withinMs = options.answerWithinMs ?? ANSWER_WITHIN_MS;
  const transport = createTransport({
    host,
    port: Number(port),
    secure: options.tls === "implicit",
    requireTLS: options.tls === "starttls",
    ignoreTLS: options.tls === "none",
    ...(options.authorities ? { tls: { ca: [...options.authorities] } } : {}),
    ...(options.login ? { auth: { user: options.login.user.reveal(), pass: options.login.password.reveal() } } : {}),
    ...{ connectionTimeout: withinMs, greetingTimeout: withinMs, socketTimeout: withinMs, dnsTimeout: withinMs },
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
  return {
    name: NAME,
    addressOf: ({ email }) => email,
    call: async (request) => {
      const to = [...request.users, ...request.policies];
      if (to.length === 0) return { kind: "accepted", value: { covered: [] } };
      try {
        await transport.sendMail({ ...contentOf(request, options.from), to });
        return { kind: "accepted", value: { covered: [] } };
      } catch (error) {
        return failureOf(error);
      }
    },
    proofs: [proofOfMail(options.server, () => transport.verify())],
    close: () => transport.close(),
  };
}

/** Greeting, encryption and sign-in, up to where a mail would begin. */
const proofOfMail = (server: string, verify: () => Promise<unknown>): Proof => ({
  ...{ id: "mail-server", proves: `the mail server ${server} lets TwoKey in`, neededBy: "no move" },
  prove: async () => {
    try {
      await verify();
      return OK;
    } catch (error) {
      if (failureOf(error).kind !== "rejected") return { kind: "unknown", why: "the mail server gives no answer" };
      return {
        kind: "wrong",
        what: `The mail server ${server} does not let TwoKey in.`,
        instead: "Check MAIL_USER and MAIL_PASSWORD, and restart TwoKey.",
      };
    }
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
