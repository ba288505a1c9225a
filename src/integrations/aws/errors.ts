import { z } from "zod";
import { brokenWay } from "../../domain/broken-way.ts";
import { type Facts, OutcomeUnknown, StepFailed, TransientError, VENDOR_REFUSES } from "../../domain/errors.ts";
import type { Known } from "../../domain/service/observed.ts";
import type { Region } from "../../domain/service/service.ts";
import { type FailureKind, inWords, type VendorFailure, whyNoSession } from "./failure-words.ts";

export type { FailureKind, VendorFailure } from "./failure-words.ts";

const LONGEST_SAID = 300;

const THROTTLES = [
  ...["Throttling", "ThrottlingException", "Throttled", "ThrottledException", "EC2ThrottledException"],
  ...["RequestThrottled", "RequestThrottledException", "RequestLimitExceeded", "BandwidthLimitExceeded"],
  ...["TooManyRequestsException", "SlowDown"],
];
/** Some APIs say it under a code that means something else. */
const RATE_EXCEEDED = /^(rate|request limit) exceeded\b/i;
const TOO_MANY_REQUESTS = 429;

/** By `e.name` and by `e.Code`, which differ for RDS (`DBInstanceNotFoundFault`, `DBInstanceNotFound`). */
const KINDS: Readonly<Record<string, FailureKind>> = {
  ...kindOf("alreadyDone", ["InvalidPermission.NotFound", "InvalidPermission.Duplicate"]),
  ...kindOf("alreadyDone", ["DBSnapshotAlreadyExists", "DBSnapshotAlreadyExistsFault"]),
  ...kindOf("alreadyDone", ["DBClusterSnapshotAlreadyExistsFault"]),
  ...kindOf("inFlight", ["InvalidDBInstanceState", "InvalidDBInstanceStateFault"]),
  ...kindOf("inFlight", ["InvalidDBClusterStateFault", "InvalidDBClusterSnapshotStateFault"]),
  ...kindOf("inFlight", ["InvalidDBSnapshotState", "InvalidDBSnapshotStateFault"]),
  // Busy for as long as a change takes in the cloud: nothing to wait for inside one call.
  ...kindOf("inFlight", ["PriorRequestNotComplete", "ConcurrentUpdateException"]),
  ...kindOf("retryLater", THROTTLES),
  ...kindOf("retryLater", ["RequestTimeTooSkewed", "RequestExpired"]),
  ...kindOf("auth", ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthFailure", "OptInRequired"]),
  ...kindOf("auth", ["ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"]),
  ...kindOf("auth", ["MissingAuthenticationToken", "MissingAuthenticationTokenException", "AuthorizationError"]),
  ...kindOf("auth", ["SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature"]),
  ...kindOf("auth", ["CredentialsProviderError", "TokenProviderError"]),
  ...kindOf("absent", [
    "DBInstanceNotFound",
    "DBInstanceNotFoundFault",
    "DBParameterGroupNotFound",
    "DBParameterGroupNotFoundFault",
    "InvalidGroup.NotFound",
    "InvalidGroupId.Malformed",
  ]),
  ...kindOf("absent", ["ImageNotFoundException", "RepositoryNotFoundException", "NoSuchResourceException"]),
  ...kindOf("absent", ["DBClusterNotFoundFault", "DBSnapshotNotFound", "DBSnapshotNotFoundFault"]),
  ...kindOf("absent", ["DBClusterSnapshotNotFoundFault", "LoadBalancerNotFound", "LoadBalancerNotFoundException"]),
  ...kindOf("absent", ["ServiceNotFoundException", "ClusterNotFoundException", "ServiceNotActiveException", "MISSING"]),
  ...kindOf("absent", ["TargetGroupNotFound", "TargetGroupNotFoundException", "ObjectNotFoundException"]),
  ...kindOf("absent", ["NoSuchHostedZone", "NoSuchHealthCheck", "NoSuchChange", "NotFound", "NotFoundException"]),
};

/** RDS says both "already promoted" and "busy" with one code; only the words tell them apart. */
const NOT_A_REPLICA = /not a read replica/i;

const NEVER_CONNECTED = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);
const CUT_OFF = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT", "TimeoutError", "AbortError"]);
/** The SDK's connection timeout has no code of its own. */
const NO_CONNECTION_IN_TIME = /did not establish a connection/;
/** Of an error that is not an instance of its own `Error` the SDK keeps the text alone, and wraps it. */
const WRAPPED = /^AWS SDK error wrapper for .*?(E[A-Z]{4,}|socket hang up)/;

/** Errors of the SDK, its HTTP handler and its credential providers, as far as they are read. */
const Thrown = z.object({
  name: z.string().catch("Error"),
  message: z.string().catch(""),
  Code: z.string().optional().catch(undefined),
  code: z.string().optional().catch(undefined),
  syscall: z.string().optional().catch(undefined),
  $metadata: z
    .object({ httpStatusCode: z.number().optional(), requestId: z.string().optional() })
    .optional()
    .catch(undefined),
});
type Thrown = z.infer<typeof Thrown>;

/** The one judge of vendor errors. Whatever it does not know is `ambiguous` or, as a 4xx answer, `refused`. */
export function classify(error: unknown): VendorFailure {
  const thrown = unwrapped(Thrown.catch({ name: "Error", message: String(error) }).parse(error));
  const status = thrown.$metadata?.httpStatusCode;
  const met = status === undefined ? reachOf(thrown) : "answer";
  return {
    kind: met === "answer" ? kindOfAnswer(thrown, status) : met === "silence" ? "ambiguous" : "unreachable",
    code: thrown.Code ?? thrown.code ?? thrown.name,
    said: thrown.message.slice(0, LONGEST_SAID),
    byAws: status !== undefined,
    isThrottle: met === "answer" && isThrottle(thrown, status),
    // What is no network error, and no answer of AWS's, may still be about the way: a certificate that nobody trusts.
    way: status === undefined ? brokenWay({ ...thrown, message: `${thrown.message} ${thrown.code ?? ""}` }) : undefined,
    met,
    requestId: thrown.$metadata?.requestId,
  };
}

const isThrottle = ({ name, Code, message }: Thrown, status: number | undefined): boolean =>
  status === TOO_MANY_REQUESTS || [name, Code].some(isThrottleCode) || RATE_EXCEEDED.test(message);

const isThrottleCode = (code: string | undefined): boolean => code !== undefined && THROTTLES.includes(code);

function unwrapped(thrown: Thrown): Thrown {
  const found = WRAPPED.exec(thrown.message)?.[1];
  if (found === undefined) return thrown;
  return { ...thrown, code: found === "socket hang up" ? "ECONNRESET" : found };
}

function kindOf(kind: FailureKind, codes: readonly string[]): Record<string, FailureKind> {
  return Object.fromEntries(codes.map((code) => [code, kind]));
}

function reachOf({ name, code, syscall, message }: Thrown): "answer" | "silence" | "no-connection" {
  const isUnsent = syscall === "connect" || syscall === "getaddrinfo" || NO_CONNECTION_IN_TIME.test(message);
  if (isUnsent || NEVER_CONNECTED.has(code ?? "")) return "no-connection";
  // Anything else that is no network error broke while an answer was being read.
  return CUT_OFF.has(code ?? name) || CUT_OFF.has(name) ? "silence" : "answer";
}

function kindOfAnswer(thrown: Thrown, status: number | undefined): FailureKind {
  const { name, Code, message } = thrown;
  const known = KINDS[name] ?? KINDS[Code ?? ""];
  if (known === "inFlight" && NOT_A_REPLICA.test(message)) return "alreadyDone";
  if (known) return known;
  if (status === undefined || status < 400 || status >= 500) return "ambiguous";
  return isThrottle(thrown, status) ? "retryLater" : "refused";
}

/** What was attempted: `promote inventory-replica`, in which region, and whether it changes anything. */
export interface Attempted {
  readonly doing: string;
  readonly region: Region;
  readonly nature: "read" | "write";
}

/**
 * AWS has answered, and of what stands there it gives no such thing, yet or ever: an instance that is being created has no endpoint.
 * Its message says so, as a clause. It never leaves the adapter.
 */
export class NotGiven extends Error {
  override readonly name = "NotGiven";
}

/** Of a database that is created, or has failed to be, in RDS's own word for its status. */
export const noEndpoint = (name: string, status: string): string =>
  status === "creating"
    ? `${name} has no endpoint yet: it is being created`
    : `${name} has no endpoint: it is ${status}`;

/** Carries a judged failure from the call to the edge of the adapter; it never leaves the adapter. */
export class CallFailed extends Error {
  override readonly name = "CallFailed";
  readonly attempted: Attempted;
  readonly failure: VendorFailure;

  constructor(attempted: Attempted, failure: VendorFailure) {
    super(sayFailure(attempted, failure));
    this.attempted = attempted;
    this.failure = failure;
  }
}

function sayFailure({ doing, region }: Attempted, failure: VendorFailure): string {
  const what = `Could not ${doing} in ${region}`;
  if (failure.met === "held-back") return `${what}: not asked yet (${failure.said})`;
  return failure.met === "not-asked"
    ? `${what}: no credentials. ${whyNoSession(failure)}`
    : `${what}: ${inWords(failure)}`;
}

/** No session was handed out, so nothing was asked. Throws StepFailed where STS refused it, else TransientError. */
export function noSession(error: unknown): never {
  if (error instanceof StepFailed) throw error;
  const failure = classify(error);
  const { kind, code } = failure;
  const why = `No credentials: ${whyNoSession(failure)}`;
  if (kind === "auth" || kind === "refused") throw new StepFailed("aws-denied", why, { facts: { code } });
  throw new TransientError("no-credentials", why, { facts: { code } });
}

/** A read that failed is a fact with a cause; a region that refuses us is not dark. */
export function notKnown({ message, failure }: CallFailed, atMs: number): Known<never> & { readonly known: false } {
  return { known: false, why: message, cause: causeOf(failure), atMs };
}

function causeOf({ kind, met }: VendorFailure): "unreachable" | "denied" | "absent" | "failed" {
  if (met === "silence" || met === "no-connection") return "unreachable";
  if (kind === "auth") return "denied";
  return kind === "absent" ? "absent" : "failed";
}

/**
 * The error of a mutation whose call failed. `requestIds` are those of all calls made for it so far, so that the ledger
 * can name them. The SDK's error is not kept as cause: it holds the raw response.
 */
export function mutationError({ message, attempted, failure }: CallFailed, requestIds: readonly string[]): Error {
  const { kind, code, met } = failure;
  const facts: Facts = { region: attempted.region, code, met, requestIds: requestIds.join(" ") };
  const refused: Facts = { ...facts, ...VENDOR_REFUSES };
  switch (kind) {
    case "ambiguous":
      // A failed look changed nothing, whatever became of its answer.
      if (attempted.nature === "read") return new TransientError("aws-no-answer", message, { facts: refused });
      return new OutcomeUnknown("aws-outcome-unknown", `${message}. It may have happened.`, { facts: refused });
    case "retryLater":
    case "inFlight":
      return new TransientError("aws-busy", message, { facts: refused });
    case "unreachable":
      return new TransientError("aws-unreachable", message, { facts: refused });
    case "auth":
      return new StepFailed("aws-denied", message, { facts });
    case "absent":
      return new StepFailed("aws-absent", message, { facts });
    case "alreadyDone":
    case "refused":
      return new StepFailed("aws-refused", message, { facts });
  }
}
