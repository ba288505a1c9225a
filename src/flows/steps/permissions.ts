import type { Region } from "../../domain/service/region.ts";
import type { Permission, Thing } from "../../ports/permission.ts";
import type { SnapshotName } from "../../ports/snapshots.ts";
import { markNameOf } from "./dns-mark.ts";

/** What the calls of steps need in IAM, each on exactly the thing that it is about. `*` stands for a thing that nobody knows yet. */

interface Named {
  readonly zone: string;
  readonly name: string;
  /** Of the sets; the mark beside them is a TXT. */
  readonly types: readonly string[];
}

const RECORDS = "route53:ChangeResourceRecordSets";

/** The sets under one name, and the mark beside it. */
export const changing = ({ zone, name, types }: Named): Permission => ({
  actions: [RECORDS],
  on: [hostedZone(zone)],
  when: {
    "ForAllValues:StringEquals": {
      [`${RECORDS}NormalizedRecordNames`]: [name, markNameOf(name)].map(normalized),
      [`${RECORDS}RecordTypes`]: [...new Set([...types, "TXT"])],
      [`${RECORDS}Actions`]: ["UPSERT", "CREATE", "DELETE"],
    },
  },
});

/** As IAM compares it: lower case, and an octal escape for what stands in no host name (AWS: "Normalization"). */
const normalized = (name: string): string =>
  name.toLowerCase().replaceAll(/[^a-z0-9_.-]/g, (other) => `\\${other.charCodeAt(0).toString(8).padStart(3, "0")}`);

const CALLS = {
  instance: {
    ...{ source: "db", made: "snapshot", describe: "rds:DescribeDBSnapshots" },
    ...{ create: "rds:CreateDBSnapshot", copy: "rds:CopyDBSnapshot" },
  },
  cluster: {
    ...{ source: "cluster", made: "cluster-snapshot", describe: "rds:DescribeDBClusterSnapshots" },
    ...{ create: "rds:CreateDBClusterSnapshot", copy: "rds:CopyDBClusterSnapshot" },
  },
} as const;

/** What a step that changes records looks at: the sets of its zone, and how far a change has come. */
export const RECORDS_LOOK = { actions: ["route53:ListResourceRecordSets"] } as const;
export const CHANGES_LOOK = {
  actions: ["route53:GetChange"],
  on: () => [{ service: "route53", resource: "change/*" }],
} as const;
export const hostedZone = (zone = "*"): Thing => ({ service: "route53", resource: `hostedzone/${zone}` });

/** How every snapshot that TwoKey takes is called: a name is given once, and nobody can change it. */
export const SNAPSHOT_NAMES = "twokey-*";
/** Copies begin otherwise than originals, so that a policy can tell the two apart: neither pattern fits a name of the other. */
export const COPY_NAMES = "twokeycopy-*";
/** Set on a copy when it is made, so that a role of its own may delete it again. No policy lets an original have it. */
export const COPY_TAG = "twokey:copy";
/** Keys of all tags that a snapshot or a copy is made with. */
export const SNAPSHOT_TAGS = ["twokey:plan", "twokey:service", "twokey:by", "twokey:reason"] as const;

/** Snapshots of one source, and their copies between the regions, under whatever name and key. */
export function allSnapshots(
  { region, of, source }: Pick<Snapshotting, "region" | "of" | "source">,
  regions: readonly Region[],
): readonly Permission[] {
  const id = SNAPSHOT_NAMES;
  // On the same terms, so that they are one statement: a policy has room for so many characters. What denies the mark of a copy
  // to an original is the role's own deny.
  const tags = Object.fromEntries([...SNAPSHOT_TAGS, COPY_TAG].map((key) => [key, ""]));
  const copies = { of, id, copyId: COPY_NAMES, kmsKey: "*", tags };
  return [
    ...snapshotting({ region, of, id, source, tags }),
    ...regions.filter((to) => to !== region).flatMap((to) => copying({ from: region, to, ...copies })),
  ];
}

/** What a kind that is snapshotted looks at: its snapshots, and the key of a copy. */
export const snapshotLooks = (of: SnapshotName["of"]) => [
  {
    actions: [CALLS[of].describe],
    on: (_settings: object, regions: readonly Region[]) =>
      [CALLS[of].source, CALLS[of].made].flatMap((kind) => regions.map((region) => rds(region, `${kind}:*`))),
  },
  {
    actions: ["kms:DescribeKey"],
    on: (_settings: object, regions: readonly Region[]) =>
      regions.map((region): Thing => ({ service: "kms", region, resource: "key/*" })),
  },
];

interface Snapshotting extends SnapshotName {
  readonly region: Region;
  readonly source: string;
  readonly tags: Readonly<Record<string, string>>;
}

export function snapshotting({ region, of, id, source, tags }: Snapshotting): readonly Permission[] {
  const calls = CALLS[of];
  const made = rds(region, `${calls.made}:${id}`);
  return [{ actions: [calls.create], on: [rds(region, `${calls.source}:${source}`), made] }, tagging(made, tags)];
}

interface Copying extends SnapshotName {
  readonly from: Region;
  readonly to: Region;
  /** Name of the copy. */
  readonly copyId: string;
  readonly kmsKey: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

export function copying({ from, to, of, id, copyId, kmsKey, tags }: Copying): readonly Permission[] {
  const calls = CALLS[of];
  const made = rds(to, `${calls.made}:${copyId}`);
  return [
    { actions: [calls.copy], on: [rds(from, `${calls.made}:${id}`), made], calledIn: to },
    tagging(made, tags),
    ...(kmsKey === null ? [] : encrypting(to, kmsKey)),
  ];
}

/** RDS asks for it once more for the tags that something is made with; these and no others. */
const tagging = (made: Thing, tags: Readonly<Record<string, string>>): Permission => ({
  actions: ["rds:AddTagsToResource"],
  on: [made],
  when: { "ForAllValues:StringEquals": { "aws:TagKeys": Object.keys(tags) } },
});

const KEY_ARN = /^arn:[^:]+:kms:[^:]+:(\d{12}):(key\/.+)$/;

/** RDS takes the key on our behalf, for what it makes of it and for nothing else. */
export function encrypting(region: Region, kmsKey: string): readonly Permission[] {
  const [, account, named] = KEY_ARN.exec(kmsKey) ?? [];
  const isAlias = kmsKey.includes("alias/");
  const key: Thing = { service: "kms", region, account, resource: named ?? (isAlias ? "key/*" : `key/${kmsKey}`) };
  const through = { StringLike: { "kms:ViaService": [`rds.${region}.*`] } };
  // The permission for a key that is named by its alias can only say so as a condition.
  const called = isAlias
    ? { "ForAnyValue:StringEquals": { "kms:ResourceAliases": [kmsKey.slice(kmsKey.indexOf("alias/"))] } }
    : {};
  return [
    {
      actions: ["kms:CreateGrant"],
      on: [key],
      when: { Bool: { "kms:GrantIsForAWSResource": ["true"] }, ...through, ...called },
    },
    { actions: ["kms:DescribeKey"], on: [key], when: { ...through, ...called } },
  ];
}

/** RDS keeps its names in lower case. */
export const rds = (region: Region, resource: string): Thing => ({
  service: "rds",
  region,
  resource: resource.toLowerCase(),
});
