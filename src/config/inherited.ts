/** What a sandbox takes over from the shell it was started in: where programs are, and a Redis that somebody else runs. */
export interface Inherited {
  readonly path: string;
  readonly home: string;
  readonly redisUrl: string | undefined;
  /** Ways to a Redis that are not to be tried, separated by commas. */
  readonly redisSkip: string | undefined;
}

export function readInherited(env: Readonly<Record<string, string | undefined>> = process.env): Inherited {
  return {
    path: env["PATH"] ?? "",
    home: env["HOME"] ?? "",
    redisUrl: env["REDIS_URL"] || undefined,
    redisSkip: env["TWOKEY_REDIS_SKIP"] || undefined,
  };
}
