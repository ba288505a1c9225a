import { fromNodeProviderChain, fromTemporaryCredentials } from "@aws-sdk/credential-providers";
import type { Region } from "../../domain/service/service.ts";
import type { ClientSettings } from "./settings.ts";

export interface Identity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Absent: it does not run out. */
  readonly expiration?: Date;
}
export type IdentitySource = () => Promise<Identity>;

export interface Role {
  readonly arn: string;
  readonly externalId?: string | undefined;
  /** Shown in CloudTrail: `dr-<run>` for what a run does, else the name of the process. */
  readonly sessionName: string;
}

export interface CredentialOptions {
  /** Region whose STS hands out sessions: TwoKey's own, which is never the one that has failed. */
  readonly stsRegion: Region;
  /** Absent: where the SDK finds them (environment, files, container or instance role). */
  readonly credentials?: Identity | undefined;
  readonly role?: Role | undefined;
}

/** The SDK's own margin; ours is the same, so that both ask for a new session at once. */
const RENEW_BEFORE_EXPIRY_MS = 300_000;

/** One session for all clients: each client by itself would assume the role once a service and region. */
export function identitySource(options: CredentialOptions, settings: ClientSettings): IdentitySource {
  const { stsRegion, credentials, role } = options;
  const own: IdentitySource = credentials
    ? () => Promise.resolve(credentials)
    : fromNodeProviderChain({ clientConfig: { region: stsRegion } });
  if (!role) return shared(own);
  return shared(
    fromTemporaryCredentials({
      masterCredentials: own,
      // Without a region here the SDK asks the STS of the region that is being acted on.
      clientConfig: { ...settings, region: stsRegion },
      params: {
        RoleArn: role.arn,
        RoleSessionName: role.sessionName,
        ...(role.externalId === undefined ? {} : { ExternalId: role.externalId }),
      },
    }),
  );
}

/** Asks once for all who wait, and again shortly before the identity runs out. A failure is not kept. */
function shared(source: IdentitySource): IdentitySource {
  let current: Promise<Identity> | undefined;
  let renewAtMs = Number.POSITIVE_INFINITY;
  return async () => {
    if (current && Date.now() < renewAtMs) return await current;
    const asked = source();
    current = asked;
    renewAtMs = Number.POSITIVE_INFINITY;
    try {
      const identity = await asked;
      if (identity.expiration) renewAtMs = identity.expiration.getTime() - RENEW_BEFORE_EXPIRY_MS;
      return identity;
    } catch (error) {
      if (current === asked) current = undefined;
      throw error;
    }
  };
}
