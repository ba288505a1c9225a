import { z } from "zod";
import type { World } from "../world/world.ts";
import { type Authorise, authorising, type Principal } from "./iam/iam.ts";
import { PolicyDocument } from "./iam/policy.ts";
import type { Things } from "./iam/wanted.ts";
import { type AwsCall, AwsError, type AwsService } from "./service.ts";
import { ACCOUNT_ID, StsSpec, type StsSpecInput } from "./specs.ts";

const Tag = z.strictObject({ Key: z.string(), Value: z.string() });

const AssumeRole = z.strictObject({
  RoleArn: z.string().regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/),
  RoleSessionName: z.string().regex(/^[\w+=,.@-]{2,64}$/),
  DurationSeconds: z.coerce.number().int().min(900).max(43_200).default(3_600),
  ExternalId: z.string().optional(),
  SourceIdentity: z.string().optional(),
  Policy: z.string().min(1).optional(),
  PolicyArns: z
    .array(z.strictObject({ arn: z.string() }))
    .max(10)
    .default([]),
  Tags: z.array(Tag).optional(),
  TransitiveTagKeys: z.array(z.string()).optional(),
});

/** Characters of a session policy that is handed over with the call. */
const LONGEST_POLICY = 2_048;

/** Somebody changes whom a role trusts, deletes the keys that no role handed out, or moves all of it to another account. */
const Trust = z.strictObject({
  /** ARNs of roles that trust nobody any more; all others do again. */
  refused: z.array(z.string()).optional(),
  keys: z.enum(["taken", "revoked"]).optional(),
  /** What STS says of everybody; null: the account of their own ARN. */
  account: z
    .string()
    .regex(/^\d{12}$/)
    .nullable()
    .optional(),
});

/** `arn:aws:iam::123456789012:role/…` → 123456789012. */
const accountIn = (arn: string): string => arn.split(":")[4] ?? ACCOUNT_ID;

/** Who holds an access key that AssumeRole handed out. */
interface Session extends Omit<Principal, "arn"> {
  readonly UserId: string;
  readonly Arn: string;
  /** Of the endpoint for all regions. Its tokens are of the first version, which regions that an account has to switch on refuse. */
  readonly isGlobal: boolean;
}

/** `sts.amazonaws.com`; each region has one of its own, us-east-1 too. */
const GLOBAL_ENDPOINT = /^sts\.amazonaws\.com(:\d+)?$/;

/** AWS Account Management, "Enable or disable AWS Regions": those that are off until somebody switches them on. */
const OPT_IN_REGIONS: ReadonlySet<string> = new Set([
  ...["af-south-1", "ap-east-1", "ap-east-2", "ap-south-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5"],
  ...["ap-southeast-6", "ap-southeast-7", "ca-west-1", "eu-central-2", "eu-south-1", "eu-south-2", "il-central-1"],
  ...["me-central-1", "me-south-1", "mx-central-1"],
]);

export interface Sts {
  readonly service: AwsService;
  /** Throws unless the keys that signed a call may make it. */
  readonly authorise: Authorise;
}

const NOTHING: Things = { tagsOf: () => undefined, keyOf: () => undefined, vpcOf: () => undefined };

/**
 * Simulated STS, one in each region, and what IAM makes of the sessions that it hands out. They do not run out by
 * themselves (a planned fault `ExpiredToken` does that). `Expiration` is machine time, since SDKs compare it with the
 * machine's clock. Logs `sts.role-assumed`.
 */
export function createSts(world: World, input: StsSpecInput, things: Things = NOTHING): Sts {
  const spec = StsSpec.parse(input);
  const sessions = new Map<string, Session>();
  const trust = changeableTrust(world);
  const user: Session = {
    ...{ UserId: "AIDASIMULATEDWORLD000", Arn: `arn:aws:iam::${ACCOUNT_ID}:user/twokey` },
    ...{ identity: spec.caller, session: undefined, isGlobal: false },
  };
  const whoHolds = (accessKeyId: string | undefined): Session => sessions.get(accessKeyId ?? "") ?? user;
  const principalOf = (accessKeyId: string | undefined): Principal => {
    const { Arn: arn, identity, session } = whoHolds(accessKeyId);
    return { arn, identity, session };
  };
  const judged = authorising(world, { principalOf, things });
  return {
    authorise: (service, call) => {
      const isOwnKey = !sessions.has(call.accessKeyId ?? "");
      if (trust.areKeysRevoked && isOwnKey) throw unknownToken(service);
      const isOld = whoHolds(call.accessKeyId).isGlobal && OPT_IN_REGIONS.has(call.region);
      if (isOld) throw unknownToken(service);
      judged(service, call);
    },
    service: {
      name: "sts",
      protocol: "query",
      namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
      operations: {
        // It changes nothing; who took which role when belongs to the story all the same.
        AssumeRole: { mutates: false, handle: assuming(world, { spec, trust, sessions }) },
        GetCallerIdentity: {
          mutates: false,
          handle: ({ accessKeyId }) => {
            const { UserId, Arn } = whoHolds(accessKeyId);
            return { UserId, Arn, Account: trust.account ?? accountIn(Arn) };
          },
        },
      },
    },
  };
}

interface Trusted {
  refused: ReadonlySet<string>;
  areKeysRevoked: boolean;
  account: string | undefined;
}

/** Whom the roles trust, as somebody has left it at `POST /sts/trust`. */
function changeableTrust(world: World): Readonly<Trusted> {
  const trust: Trusted = { refused: new Set<string>(), areKeysRevoked: false, account: undefined };
  world.control.on("POST /sts/trust", (body) => {
    const { refused, keys, account } = Trust.parse(body);
    if (refused) trust.refused = new Set(refused);
    if (keys !== undefined) trust.areKeysRevoked = keys === "revoked";
    if (account !== undefined) trust.account = account ?? undefined;
    world.log.append("sts.trust-changed", { refused: [...trust.refused], keys, account });
  });
  return trust;
}

interface Assuming {
  readonly spec: StsSpec;
  readonly trust: Readonly<Trusted>;
  /** By the access key; grows. */
  readonly sessions: Map<string, Session>;
}

function assuming(world: World, { spec, trust, sessions }: Assuming) {
  const random = world.random.fork("sts");
  return (call: AwsCall) => {
    const wanted = AssumeRole.parse(call.input);
    const role = trustedRole(wanted, { spec, trust });
    const accessKeyId = `ASIA${random.hex(16).toUpperCase()}`;
    const name = `${wanted.RoleArn.split("/").at(-1)}/${wanted.RoleSessionName}`;
    const session: Session = {
      identity: role.policies,
      session: sessionPolicies(wanted, spec.managed),
      UserId: `AROA${random.hex(17).toUpperCase()}:${wanted.RoleSessionName}`,
      Arn: `arn:aws:sts::${accountIn(wanted.RoleArn)}:assumed-role/${name}`,
      isGlobal: GLOBAL_ENDPOINT.test(call.host ?? ""),
    };
    sessions.set(accessKeyId, session);
    world.log.append("sts.role-assumed", {
      ...{ region: call.region, role: wanted.RoleArn, session: wanted.RoleSessionName },
      ...{ policy: wanted.Policy, managed: wanted.PolicyArns.map(({ arn }) => arn) },
    });
    return {
      Credentials: {
        AccessKeyId: accessKeyId,
        SecretAccessKey: `simulated-${random.hex(30)}`,
        SessionToken: `simulated-${random.hex(64)}`,
        Expiration: new Date(Date.now() + (spec.sessionSeconds ?? wanted.DurationSeconds) * 1_000),
      },
      AssumedRoleUser: { AssumedRoleId: session.UserId, Arn: session.Arn },
      SourceIdentity: wanted.SourceIdentity,
    };
  };
}

/** Throws what STS answers where the role does not trust who asks. */
function trustedRole(
  wanted: z.infer<typeof AssumeRole>,
  { spec, trust }: Pick<Assuming, "spec" | "trust">,
): StsSpec["roles"][number] {
  const role = spec.roles.find(({ arn }) => arn === wanted.RoleArn);
  const isTrusted = role !== undefined && !trust.refused.has(role.arn);
  if (!isTrusted || (role.externalId !== undefined && role.externalId !== wanted.ExternalId)) {
    throw new AwsError("AccessDenied", `Not authorized to perform: sts:AssumeRole on resource: ${wanted.RoleArn}`, 403);
  }
  return role;
}

/** As each family of services says that it knows nobody of that token. */
function unknownToken({ protocol }: AwsService): AwsError {
  if (protocol === "ec2")
    return new AwsError("AuthFailure", "AWS was not able to validate the provided access credentials", 401);
  const code = protocol.startsWith("json") ? "UnrecognizedClientException" : "InvalidClientTokenId";
  return new AwsError(
    code,
    "The security token included in the request is invalid.",
    protocol.startsWith("json") ? 400 : 403,
  );
}

/** Throws what STS answers to a policy that is too long, that nobody can read, or that does not exist. */
function sessionPolicies(
  { Policy, PolicyArns }: z.infer<typeof AssumeRole>,
  managed: StsSpec["managed"],
): PolicyDocument[] | undefined {
  if (Policy === undefined && PolicyArns.length === 0) return undefined;
  const named = PolicyArns.map(({ arn }) => {
    const found = managed.find((policy) => policy.arn === arn);
    // That STS says it with this code is an estimate.
    if (!found) throw new AwsError("ValidationError", `The policy ${arn} does not exist or is not attachable.`);
    return found.document;
  });
  return [...named, ...(Policy === undefined ? [] : [readPolicy(Policy)])];
}

function readPolicy(text: string): PolicyDocument {
  if (text.length > LONGEST_POLICY) {
    const rule = `Member must have length less than or equal to ${LONGEST_POLICY}`;
    throw new AwsError(
      "ValidationError",
      `1 validation error detected: Value at 'policy' failed to satisfy constraint: ${rule}`,
    );
  }
  const parsed = PolicyDocument.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  throw new AwsError("MalformedPolicyDocument", `The policy is not in the valid JSON format. ${parsed.error.message}`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
