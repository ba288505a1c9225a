import { z } from "zod";
import type { Region } from "./region.ts";

export const ROLES = ["stores", "compute", "entrances"] as const;
/** What a resource is for: it keeps data, does work, or lets users in. */
export type Role = (typeof ROLES)[number];

/**
 * A resource as everybody but its own kind knows it. The settings behind `kind` are read in the folder of that kind alone,
 * `flows/resources/<role>/<kind>`.
 */
export interface Resource {
  readonly kind: string;
  readonly account?: string | undefined;
  readonly role?: string | undefined;
  /** What differs by region. */
  readonly in?: Readonly<Record<Region, object>> | undefined;
}

/** Roles by which a resource is entered that lies in another account; undefined where it lies in the ordinary one. */
export function rolesOf({
  role,
  in: regions = {},
}: Resource): { anywhere?: string; in: Record<Region, string> } | undefined {
  const own = Object.entries(regions).flatMap(([region, here]) => {
    const there: unknown = Reflect.get(here, "role");
    return typeof there === "string" ? [[region, there] as const] : [];
  });
  if (role === undefined && own.length === 0) return undefined;
  return { ...(role === undefined ? {} : { anywhere: role }), in: Object.fromEntries(own) };
}

export const AccountId = z
  .string()
  .regex(/^\d{12}$/, "must be a 12-digit account id")
  .meta({ examples: ["123456789012"] });
export const RoleArn = z
  .string()
  .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/, "must be the ARN of an IAM role (arn:aws:iam::…:role/…)")
  .meta({ examples: ["arn:aws:iam::123456789012:role/twokey"] });

export const PolicyArn = z
  .string()
  .regex(/^arn:aws[a-z-]*:iam::\d{12}:policy\/\S+$/, "must be the ARN of a managed policy (arn:aws:iam::…:policy/…)")
  .meta({ examples: ["arn:aws:iam::123456789012:policy/twokey-steps"] });

/** What a resource, or one region of it, may say where it does not lie in the file's ordinary account. */
export const ELSEWHERE = {
  account: AccountId.optional().describe("Account that holds it; absent: `aws.account`."),
  role: RoleArn.optional().describe("Role that looks at it and runs assume for it; absent: the roles under `aws`."),
};

/** What an entrance says where several computes could serve its users. */
export const LEADS_TO = {
  to: z
    .string()
    .optional()
    .describe("Key of `compute` that users are led to. Needed where several have a load balancer.")
    .meta({ examples: ["web"] }),
};

/** Name of a variable that holds the password of TwoKey's own account in a database; what ends in _FILE names a file that holds it. */
export const DATABASE_PASSWORD = /^DATABASE_(?!.*_FILE$)[A-Z0-9_]{1,60}$/;

export const ZoneId = z.string().regex(/^Z[A-Z0-9]+$/, "must be a hosted zone id (Z…)");
export const RecordName = z
  .string()
  .regex(/^[a-z0-9_*-]+(\.[a-z0-9_-]+)+$/, "must be a lower-case host name without a trailing dot");
/** How records are changed: over what stands there, or only while that is exactly what was read. */
export const Write = z.enum(["sentinel", "exact"]);
export type Write = z.infer<typeof Write>;
export const HttpUrl = z.url({ protocol: /^https?$/, error: "must be an http(s) URL" });

/** A block with a `name`, for which its name alone may be written. The JSON Schema tells editors so. */
export function orName<Shape extends z.ZodObject>(block: Shape) {
  return z
    .preprocess((value) => (typeof value === "string" ? { name: value } : value), block)
    .meta({ shorthand: "name" });
}
