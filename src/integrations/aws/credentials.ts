import { fromNodeProviderChain, fromTemporaryCredentials } from "@aws-sdk/credential-providers";
import { StepFailed } from "../../domain/errors.ts";
import type { Region } from "../../domain/service/service.ts";
import { classify, type FailureKind } from "./errors.ts";
import type { Reachability } from "./reachability.ts";
import { LONGEST_SESSION_POLICY } from "./session-policy.ts";
import type { ClientSettings } from "./settings.ts";
import { WITHOUT_LOG } from "./without-log.ts";

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

/** A role, and what its session is limited to besides. */
export interface SessionWish extends Role {
  readonly policy: string;
  /** ARNs of the managed policies that take its place where it is too long for a call: ten at most. */
  readonly managedPolicies?: readonly string[] | undefined;
}

export interface CredentialOptions {
  /** Region whose STS hands out sessions: TwoKey's own, which is never the one that has failed. */
  readonly stsRegion: Region;
  /** Whose STS is asked where that one gives no answer, in this order. */
  readonly otherSts?: readonly Region[] | undefined;
  /** Absent: where the SDK finds them (environment, files, container or instance role). */
  readonly credentials?: Identity | undefined;
}

export interface Asking {
  readonly settings: ClientSettings;
  readonly reachability: Reachability;
  /** In the order in which they are asked. */
  readonly stsRegions: readonly Region[];
  /** What asks for the session. */
  readonly own: IdentitySource;
}

/** The SDK's own margin; ours is the same, so that both ask for a new session at once. */
const RENEW_BEFORE_EXPIRY_MS = 300_000;
/** Machine time after which the next region's STS is asked as well: several answers a second are usual. */
const NEXT_AFTER_MS = 1_500;

/** The process's own credentials. What hands them out may be asked over the network, such as STS for a web identity. */
export function ownIdentity(
  { stsRegion, credentials }: CredentialOptions,
  { requestHandler }: Pick<ClientSettings, "requestHandler">,
): IdentitySource {
  if (credentials) return () => Promise.resolve(credentials);
  return shared(fromNodeProviderChain({ clientConfig: { region: stsRegion, requestHandler } }));
}

/** One session for all clients: each client by itself would assume the role once a service and region. */
export function sessionIdentity(wish: SessionWish, asking: Asking): IdentitySource {
  const regional = asking.stsRegions.map((region) => ({ region, assume: assuming(wish, region, asking) }));
  return shared(async () => {
    refuseUnlimited(wish);
    return await firstAnswer(regional, asking.reachability);
  });
}

function assuming(wish: SessionWish, region: Region, { settings, own }: Asking): IdentitySource {
  return fromTemporaryCredentials({
    masterCredentials: own,
    // Without a region here the SDK asks the STS of the region that is being acted on.
    clientConfig: { ...settings, region },
    clientPlugins: [WITHOUT_LOG],
    params: {
      RoleArn: wish.arn,
      RoleSessionName: wish.sessionName,
      ...limitsOf(wish),
      ...(wish.externalId === undefined ? {} : { ExternalId: wish.externalId }),
    },
  });
}

function limitsOf({ policy, managedPolicies = [] }: SessionWish) {
  if (policy.length <= LONGEST_SESSION_POLICY) return { Policy: policy };
  return { PolicyArns: managedPolicies.map((arn) => ({ arn })) };
}

/** A session that is not limited is never asked for. */
function refuseUnlimited({ arn, policy, managedPolicies = [] }: SessionWish): void {
  if (policy.length <= LONGEST_SESSION_POLICY || managedPolicies.length > 0) return;
  throw new StepFailed(
    "policy-too-long",
    `A session of ${arn} needs a policy of ${policy.length} characters, and STS takes ${LONGEST_SESSION_POLICY}. Make the managed policies that twokey policy session prints, and name them in aws.session_policies`,
  );
}

interface Regional {
  readonly region: Region;
  readonly assume: IdentitySource;
}

/** STS hands out as many sessions as it is asked for, so the next region may be asked while the first one is silent. */
function firstAnswer(regional: readonly Regional[], reachability: Reachability): Promise<Identity> {
  const isSilent = ({ region }: Regional) => reachability.silenceOf(endpointOf(region)) !== undefined;
  const silent = regional.filter(isSilent);
  const waiting = [...regional.filter((one) => !silent.includes(one)), ...silent];
  return new Promise((resolve, reject) => {
    const errors: unknown[] = [];
    let open = 0;
    let timer: NodeJS.Timeout | undefined;
    const failed = (region: Region, error: unknown) => {
      const { kind, met } = classify(error);
      errors.push(error);
      open -= 1;
      if (met !== "answer") reachability.silent(endpointOf(region));
      // Every other STS would say the same.
      if (FINAL.has(kind)) reject(error);
      else next();
    };
    const next = () => {
      clearTimeout(timer);
      const one = waiting.shift();
      if (!one) {
        if (open === 0) reject(errors[0]);
        return;
      }
      open += 1;
      timer = setTimeout(next, NEXT_AFTER_MS);
      one.assume().then(
        (identity) => {
          clearTimeout(timer);
          waiting.length = 0;
          reachability.answered(endpointOf(one.region));
          resolve(identity);
        },
        (error: unknown) => failed(one.region, error),
      );
    };
    next();
  });
}

const FINAL: ReadonlySet<FailureKind> = new Set(["auth", "refused"]);
const endpointOf = (region: Region): string => `sts ${region}`;

/** Shortest rest of an identity that is still handed on where nobody hands out a new one. */
const STILL_GOOD_MS = 30_000;

/**
 * Asks once for all who wait, and again shortly before the identity runs out. A failure is not kept, and while the last one
 * is still good it counts.
 */
function shared(source: IdentitySource): IdentitySource {
  let current: Promise<Identity> | undefined;
  let renewAtMs = Number.POSITIVE_INFINITY;
  let last: Identity | undefined;
  return async () => {
    if (current && Date.now() < renewAtMs) return await current;
    const asked = source();
    current = asked;
    renewAtMs = Number.POSITIVE_INFINITY;
    try {
      last = await asked;
      if (last.expiration) renewAtMs = last.expiration.getTime() - RENEW_BEFORE_EXPIRY_MS;
      return last;
    } catch (error) {
      if (current === asked) current = undefined;
      if (last?.expiration && last.expiration.getTime() - Date.now() > STILL_GOOD_MS) return last;
      throw error;
    }
  };
}
