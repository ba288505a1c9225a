/** Files that a bot in another process reads. */
export interface SandboxFiles {
  /** The sandboxed `twokey.yaml`; absent: none is named. */
  readonly config?: string;
  /** The authority of SNS's signing certificates, PEM. */
  readonly snsCa: string;
}

/** Variables by name, as `WholeWorld.env` has them. */
export type WorldEnv = Readonly<Record<string, string | undefined>>;

/**
 * A whole world's environment as TwoKey reads it, beside the variables of other clients. Redis, the ledger and the HTTP
 * port are no part of the world and are still to be set.
 */
export function sandboxEnvironment(world: WorldEnv, files: SandboxFiles): Record<string, string> {
  const variables: WorldEnv = {
    ...world,
    // With an app token Slack is reached by a socket; the bot takes one way or the other, never both.
    SLACK_SIGNING_SECRET: world["SLACK_APP_TOKEN"] === undefined ? world["SLACK_SIGNING_SECRET"] : undefined,
    TWOKEY_SANDBOX: "1",
    PAGERDUTY_HOST: world["PAGERDUTY_ADDRESS"],
    MAIL_HOST: world["MAIL_ADDRESS"],
    TWOKEY_DNS_SERVERS: world["DNS_RESOLVERS"],
    TWOKEY_NAME_SERVERS: world["DNS_NAME_SERVERS"],
    TWOKEY_CONNECT_MAP: world["CONNECT_MAP"],
    TWOKEY_SNS_CA: files.snsCa,
    TWOKEY_SNS_CERTIFICATE_URL: world["AWS_ENDPOINT_URL"],
    TWOKEY_CONFIG: files.config,
  };
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
