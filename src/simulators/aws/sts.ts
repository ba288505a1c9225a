import { z } from "zod";
import type { World } from "../world/world.ts";
import { type AwsCall, AwsError, type AwsService } from "./service.ts";
import { ACCOUNT_ID, StsSpec, type StsSpecInput } from "./specs.ts";

const Tag = z.strictObject({ Key: z.string(), Value: z.string() });

const AssumeRole = z.strictObject({
  RoleArn: z.string().regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/),
  RoleSessionName: z.string().regex(/^[\w+=,.@-]{2,64}$/),
  DurationSeconds: z.coerce.number().int().min(900).max(43_200).default(3_600),
  ExternalId: z.string().optional(),
  SourceIdentity: z.string().optional(),
  Policy: z.string().optional(),
  Tags: z.array(Tag).optional(),
  TransitiveTagKeys: z.array(z.string()).optional(),
});

/** Who holds an access key that AssumeRole handed out. */
interface Session {
  readonly UserId: string;
  readonly Arn: string;
}

/**
 * Simulated STS. The keys it hands out are accepted like any other, and they do not run out by themselves (a planned
 * fault `ExpiredToken` does that). `Expiration` is machine time, since SDKs compare it with the machine's clock.
 */
export function createSts(world: World, input: StsSpecInput): { readonly service: AwsService } {
  const { roles } = StsSpec.parse(input);
  const random = world.random.fork("sts");
  const sessions = new Map<string, Session>();
  const assumeRole = (call: AwsCall) => {
    const wanted = AssumeRole.parse(call.input);
    const role = roles.find(({ arn }) => arn === wanted.RoleArn);
    if (!role || (role.externalId !== undefined && role.externalId !== wanted.ExternalId)) {
      throw new AwsError(
        "AccessDenied",
        `Not authorized to perform: sts:AssumeRole on resource: ${wanted.RoleArn}`,
        403,
      );
    }
    const accessKeyId = `ASIA${random.hex(16).toUpperCase()}`;
    const name = `${wanted.RoleArn.split("/").at(-1)}/${wanted.RoleSessionName}`;
    const session = {
      UserId: `AROA${random.hex(17).toUpperCase()}:${wanted.RoleSessionName}`,
      Arn: `arn:aws:sts::${ACCOUNT_ID}:assumed-role/${name}`,
    };
    sessions.set(accessKeyId, session);
    return {
      Credentials: {
        AccessKeyId: accessKeyId,
        SecretAccessKey: `simulated-${random.hex(30)}`,
        SessionToken: `simulated-${random.hex(64)}`,
        Expiration: new Date(Date.now() + wanted.DurationSeconds * 1_000),
      },
      AssumedRoleUser: { AssumedRoleId: session.UserId, Arn: session.Arn },
      SourceIdentity: wanted.SourceIdentity,
    };
  };
  const callerIdentity = ({ accessKeyId }: AwsCall) => {
    const user = { UserId: "AIDASIMULATEDWORLD000", Arn: `arn:aws:iam::${ACCOUNT_ID}:user/twokey` };
    return { ...(sessions.get(accessKeyId ?? "") ?? user), Account: ACCOUNT_ID };
  };
  return {
    service: {
      name: "sts",
      protocol: "query",
      namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
      operations: {
        // Logged like a change: who took which role when belongs to the story.
        AssumeRole: { mutates: true, handle: assumeRole },
        GetCallerIdentity: { mutates: false, handle: callerIdentity },
      },
    },
  };
}
