/** An answer `{ok: false, error: code}` with Slack's own error name. */
export class SlackError extends Error {
  readonly code: string;
  /** Further members of the answer, for example `errors` or `response_metadata`. */
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(code: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(code);
    this.name = "SlackError";
    this.code = code;
    this.extra = extra;
  }
}

/** As Slack words refusals of arguments and blocks: `[ERROR] text [json-pointer:/path]`. */
export function refusal(code: string, problems: readonly string[]): SlackError {
  return new SlackError(code, {
    errors: [...problems],
    response_metadata: { messages: problems.map((problem) => `[ERROR] ${problem}`) },
  });
}
