import { quotedWords } from "../../domain/quoted-words.ts";
import { saidByCode } from "../../domain/said-by-code.ts";

/** What an error of AWS or of the way there means for whoever asked. */
export type FailureKind =
  /** The world is as the call wanted it. */
  | "alreadyDone"
  /** The resource is busy with something. */
  | "inFlight"
  /** Nothing happened; the same call may succeed later. */
  | "retryLater"
  | "refused"
  /** It may or may not have happened. */
  | "ambiguous"
  | "auth"
  | "absent"
  /** Nothing was sent: no connection came about. */
  | "unreachable";

export interface VendorFailure {
  readonly kind: FailureKind;
  /** AWS's own code, or the network's. */
  readonly code: string;
  /** The words of AWS or of its SDK, shortened; `byAws` says whose. Only what AWS said is ever quoted to people. */
  readonly said: string;
  readonly byAws?: boolean;
  /** AWS asks for fewer calls. */
  readonly isThrottle?: boolean;
  /** In plain words what is wrong with the way there; absent: nothing known. */
  readonly way?: string | undefined;
  /** How far the call got; `not-asked` where TwoKey itself had no credentials to ask with, `held-back` where it asks no more often. */
  readonly met: "answer" | "silence" | "no-connection" | "not-asked" | "held-back";
  readonly requestId: string | undefined;
}

/** What an answer of AWS means for whoever reads of it; AWS's own words follow as a quotation. */
const MEANS: Readonly<Record<FailureKind, string>> = {
  alreadyDone: "it is so already",
  inFlight: "something else is changing it now, and has to end first",
  retryLater: "AWS asks for fewer calls",
  refused: "AWS refuses it",
  ambiguous: "AWS failed at it",
  auth: "AWS does not let TwoKey do that; look at the policy of its role",
  absent: "AWS does not know it there",
  unreachable: "AWS was not reached",
};

const CLOCK = "AWS takes no call while the clock of this machine is wrong; set it";
const SIGNED_WRONGLY = "AWS does not accept the credentials of TwoKey; they are wrong or have ended";

/** Where the code says more than its kind. */
const CODES: Readonly<Record<string, string>> = {
  ...saidByCode(CLOCK, ["RequestTimeTooSkewed", "RequestExpired"]),
  ...saidByCode(SIGNED_WRONGLY, [
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
  ]),
  ...saidByCode(SIGNED_WRONGLY, ["MissingAuthenticationToken", "MissingAuthenticationTokenException", "AuthFailure"]),
  ...saidByCode(SIGNED_WRONGLY, ["SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature"]),
};

/** Of credentials, which STS hands out: “it” would be somebody's role there. */
const SESSION_MEANS: Readonly<Partial<Record<FailureKind, string>>> = {
  auth: "STS does not let TwoKey take its role; look at the trust policy of that role",
  refused: "STS refuses to hand out a session of its role",
  ambiguous: "STS failed at it",
  retryLater: "STS asks for fewer calls",
};

/** Providers of the SDK that found nothing on this machine: nobody was asked. */
const NOTHING_HERE: ReadonlySet<string> = new Set(["CredentialsProviderError", "TokenProviderError"]);

/** A clause in our words; AWS's, where it was AWS that spoke, as one line in quotation marks. What an SDK says never stands in it. */
export function inWords(failure: VendorFailure): string {
  const { kind, code, met, way } = failure;
  // Without `byAws` it is the adapter's own: what AWS told of in an answer that went well, or that it did not ask.
  if (failure.byAws !== false)
    return met === "answer" ? `${CODES[code] ?? MEANS[kind]}${bySaying("AWS", failure)}` : failure.said;
  if (NOTHING_HERE.has(code)) return "this machine gives TwoKey no AWS credentials";
  if (met === "no-connection") return `no connection to AWS (${way ?? "nobody knows why"})`;
  if (met === "silence") return `no answer from AWS (${way ?? "the connection was cut"})`;
  return `AWS's answer could not be read${way === undefined ? "" : ` (${way})`}`;
}

/** The same of credentials that could not be had. */
export function whyNoSession(failure: VendorFailure): string {
  const { kind, code, met, way } = failure;
  if (failure.byAws === true) return `${CODES[code] ?? SESSION_MEANS[kind] ?? MEANS[kind]}${bySaying("STS", failure)}`;
  if (NOTHING_HERE.has(code)) return "this machine gives TwoKey no AWS credentials; give it its role or keys again";
  const isSilent = met === "silence" || met === "no-connection" || way !== undefined;
  return isSilent ? `STS gives no answer (${way ?? "the connection was cut"})` : "STS's answer could not be read";
}

const bySaying = (who: string, { code, said }: VendorFailure): string =>
  ` (${who} said ${quotedWords(said === "" || said === code ? code : `${code}: ${said}`)})`;
