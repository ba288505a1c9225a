/** Something changed at a pager: a reason to read its truth, never the truth itself. */
export interface Hint {
  /** The same on every redelivery. */
  readonly id: string;
  /** Epoch milliseconds. */
  readonly occurredAtMs: number;
  /** The pager's own id of the incident, where the hint is about one. */
  readonly incident: string | undefined;
  /** The key with which the incident was triggered, where the hint carries it. */
  readonly key: string | undefined;
}

export interface SignedRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** How one pager's webhooks are told from forgeries and read. They arrive at `/webhooks/<name>`. */
export interface HintSource {
  readonly name: string;
  /** As people call the pager. */
  readonly label: string;
  /** Machine time for which the same hint may come again. */
  readonly rememberMs: number;
  /** The variable that holds what its signatures are checked with. */
  readonly variable: string;
  isAuthentic(request: SignedRequest): boolean;
  /** Undefined: authentic, and of an unknown shape. */
  read(request: SignedRequest): Hint | undefined;
}
