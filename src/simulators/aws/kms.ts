import { z } from "zod";
import type { World } from "../world/world.ts";
import { arnOf } from "./arn.ts";
import { type AwsCall, AwsError, type AwsService } from "./service.ts";
import { ACCOUNT_ID, KeyState, KmsSpec, type KmsSpecInput } from "./specs.ts";

export interface KmsKey {
  readonly region: string;
  readonly id: string;
  readonly arn: string;
  readonly aliases: readonly string[];
  readonly manager: "CUSTOMER" | "AWS";
  state: KeyState;
}

/** What other services ask: a key by id, ARN, alias or alias ARN, as one region knows it. */
export interface KeyRing {
  find(region: string, name: string): KmsKey | undefined;
  /** The key that databases are encrypted with where a spec names none. */
  ownOf(region: string): KmsKey;
}

export interface Kms {
  readonly service: AwsService;
  readonly keys: KeyRing;
}

/** A multi-region key: every region has its own, of the same id. */
const OWN_ID = "mrk-5d0b1a7e2f3c4d6b8a9e0f1c2d3b4a5e";
const VENDOR_ALIAS = "alias/aws/rds";
const CREATED_DAYS_AGO = 400;

const DescribeKey = z.looseObject({ KeyId: z.string() });
const SetState = z.strictObject({ region: z.string(), key: z.string(), state: KeyState });

/** Simulated KMS keys with their states; nothing is encrypted. Steered by `POST /kms/key`. */
export function createKms(world: World, input: KmsSpecInput): Kms {
  const keys = KmsSpec.parse(input).keys.map((key) => keyOf({ ...key, manager: "CUSTOMER" }));
  const createdAt = world.clock.now() / 1_000 - CREATED_DAYS_AGO * 86_400;
  const ownOf = (region: string) => {
    const found = keys.find((key) => key.region === region && key.id === OWN_ID);
    if (found) return found;
    const own = keyOf({ region, id: OWN_ID, aliases: ["alias/databases"], state: "Enabled", manager: "CUSTOMER" });
    const id = vendorId(region);
    keys.push(own, keyOf({ region, id, aliases: [VENDOR_ALIAS], state: "Enabled", manager: "AWS" }));
    return own;
  };
  const find = (region: string, name: string) => {
    ownOf(region);
    const isNamed = ({ id, arn, aliases }: KmsKey) =>
      [id, arn, ...aliases, ...aliases.map((alias) => arnOf("kms", region, alias))].includes(name);
    return keys.find((key) => key.region === region && isNamed(key));
  };
  const require = (region: string, name: string) => {
    const key = find(region, name);
    if (!key) throw new AwsError("NotFoundException", `Key '${name}' does not exist`);
    return key;
  };
  world.control.on("POST /kms/key", (body) => {
    const { region, key, state } = SetState.parse(body);
    require(region, key).state = state;
    world.log.append("kms.key", { region, key, state });
  });
  const describe = ({ input: asked, region }: AwsCall) => ({
    KeyMetadata: view(require(region, DescribeKey.parse(asked).KeyId), createdAt),
  });
  return {
    keys: { find, ownOf },
    service: {
      name: "kms",
      protocol: "json-1.1",
      operations: { DescribeKey: { mutates: false, handle: describe } },
    },
  };
}

function keyOf(facts: Omit<KmsKey, "arn">): KmsKey {
  return { ...facts, arn: arnOf("kms", facts.region, `key/${facts.id}`) };
}

/** Of the vendor's key: another one in each region, the same for every seed. */
function vendorId(region: string): string {
  const digits = [...region].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 0xffffffff, 7);
  return `${digits.toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`;
}

function view({ id, arn, manager, state }: KmsKey, createdAt: number) {
  return {
    AWSAccountId: ACCOUNT_ID,
    KeyId: id,
    Arn: arn,
    CreationDate: createdAt,
    Enabled: state === "Enabled",
    Description: "",
    KeyUsage: "ENCRYPT_DECRYPT",
    KeyState: state,
    Origin: "AWS_KMS",
    KeyManager: manager,
    KeySpec: "SYMMETRIC_DEFAULT",
    EncryptionAlgorithms: ["SYMMETRIC_DEFAULT"],
    MultiRegion: id.startsWith("mrk-"),
  };
}
