import type { Peer } from "./security-rules.ts";

/** One call as the vendor's SDK made it, decoded from whichever wire protocol the service speaks. */
export interface AwsCall {
  /** Signing name from the SigV4 credential scope: `rds`, `ecs`, `route53`, `monitoring`, `elasticloadbalancing` … */
  readonly service: string;
  readonly operation: string;
  /** Region from the SigV4 credential scope. */
  readonly region: string;
  /** Decoded parameters; query lists (`Filters.Filter.1`, `Tags.member.1`, `IpRanges.1`) have become arrays. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly requestId: string;
  /** `amz-sdk-invocation-id`: constant over the SDK's own retries, so a double effect is visible in the log. */
  readonly invocationId: string;
  readonly attempt: number;
  /** Name of the endpoint that the client believed to call. */
  readonly host?: string;
  /** Access key of the signature; the server always gives it. */
  readonly accessKeyId?: string;
}

/** A list in an XML answer: the model names the element of each entry. JSON answers use plain arrays. */
export class XmlList {
  readonly element: string;
  readonly entries: readonly unknown[];

  constructor(element: string, entries: readonly unknown[]) {
    this.element = element;
    this.entries = entries;
  }
}

/** A service's own error; the protocol layer gives it the right wire shape. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export interface AwsOperation {
  /** True where an accepted call changes the world; each one is logged as `aws.mutation`. */
  readonly mutates: boolean;
  /** Returns the output members of the operation, or throws AwsError. Must decide and take effect synchronously. */
  readonly handle: (call: AwsCall) => Record<string, unknown>;
}

export interface AwsService {
  /** Signing name, as in AwsCall.service. */
  readonly name: string;
  readonly protocol: "query" | "ec2" | "json-1.0" | "json-1.1" | "rest-xml" | "rest-json";
  readonly operations: Readonly<Record<string, AwsOperation>>;
  /** Region whose outage takes the service's control plane away; absent: the region of the call. */
  readonly controlPlaneRegion?: string;
  /** XML namespace of the answers (query, ec2 and rest-xml services). */
  readonly namespace?: string;
  /** Code of its error for a parameter that does not fit. */
  readonly invalidParameter?: string;
  /** rest-xml and rest-json only: which operation a method and path mean, with its path and query parameters and the parsed body. */
  readonly route?: (request: RestRequest) => { operation: string; input: Record<string, unknown> } | undefined;
}

export interface RestRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Parsed XML body without attributes, or undefined. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
}

/** What a client commits. */
export interface Row {
  readonly id: string;
  readonly writer: string;
}

export interface DatabaseRef {
  readonly region: string;
  readonly instance: string;
}

export type WriteOutcome =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly reason: "read-only" | "restarting" | "connect-timeout" | "no-such-host" | "unreachable" | "session-lost";
    };

/** An open connection to a database. A rule that is revoked later leaves it open; a restart of the engine ends it. */
export interface DatabaseSession {
  readonly ref: DatabaseRef;
  /** World time, epoch milliseconds. */
  readonly openedMs: number;
  /** By which the engine knows it. */
  readonly id: number;
}

/** Whose session it is, as the engine says. */
export interface SessionOwner {
  readonly user: string;
  /** World time at which the client lets go of it by itself; absent: it does not. */
  readonly untilMs?: number;
  /** Whether its client is through signing in; absent: at once. The network has let it in, and no list shows it until then. */
  readonly isSignedIn?: () => boolean;
  /** Told when somebody has ended it. */
  readonly onEnded?: () => void;
}

/** One of the sessions that an engine has open. */
export interface OpenSession extends DatabaseSession, SessionOwner {
  readonly from: string;
}

export type Connected =
  | { readonly ok: true; readonly session: DatabaseSession }
  | Extract<WriteOutcome, { readonly ok: false }>;

/** The data plane of the simulated databases, used by the simulated applications (never by an API caller). */
export interface DatabaseEngine {
  /** The instance behind an endpoint host name. */
  locate(endpoint: string): DatabaseRef | undefined;
  /** The instance's endpoint that the endpoint of a cluster leads to now; undefined for any other name. */
  leadsTo(endpoint: string): string | undefined;
  /** Opens a session, if the instance runs and the network lets one through; absent `from`: whoever it lets through. */
  connect(ref: DatabaseRef, from?: Peer, owner?: SessionOwner): Connected;
  /** Sessions that are open now, the oldest first. */
  openOn(ref: DatabaseRef): readonly OpenSession[];
  /** Its client lets go of it, or somebody ends it. */
  end(session: Pick<DatabaseSession, "ref" | "id">): void;
  /** Commits a row over an open session if the instance is writable; replication carries it on with its lag. */
  writeOver(session: DatabaseSession, row: Row): WriteOutcome;
  /** The same over a session that is opened for it. */
  write(ref: DatabaseRef, row: Row, from?: Peer): WriteOutcome;
  /** Ids of rows that the instance holds. */
  rows(ref: DatabaseRef): ReadonlySet<string>;
  /** How a replica follows from now on: so many seconds behind, or over a link that has ended. */
  setReplication(ref: DatabaseRef, lag: number | "broken" | "silent"): void;
}
