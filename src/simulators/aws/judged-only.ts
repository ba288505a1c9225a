import type { AwsService, RestRequest } from "./service.ts";

type Fields = Readonly<Record<string, string>>;

interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly operation: string;
  readonly members: readonly string[];
  readonly query?: string;
}

const S3_ROUTES: readonly Route[] = [
  { method: "DELETE", path: /^\/([^/]+)$/, operation: "DeleteBucket", members: ["Bucket"] },
  { method: "PUT", path: /^\/([^/]+)$/, operation: "PutBucketPolicy", members: ["Bucket"], query: "policy" },
  {
    ...{ method: "PUT", path: /^\/([^/]+)$/, query: "lifecycle" },
    ...{ operation: "PutBucketLifecycleConfiguration", members: ["Bucket"] },
  },
  { method: "GET", path: /^\/([^/]+)\/(.+)$/, operation: "GetObject", members: ["Bucket", "Key"] },
  { method: "DELETE", path: /^\/([^/]+)\/(.+)$/, operation: "DeleteObject", members: ["Bucket", "Key"] },
];

const VAULT = ["BackupVaultName"];
const POINT = /^\/backup-vaults\/([^/]+)\/recovery-points\/(.+)$/;
const IN_VAULT = [...VAULT, "RecoveryPointArn"];
const BACKUP_ROUTES: readonly Route[] = [
  { method: "DELETE", path: /^\/backup-vaults\/([^/]+)$/, operation: "DeleteBackupVault", members: VAULT },
  { method: "DELETE", path: POINT, operation: "DeleteRecoveryPoint", members: IN_VAULT },
  { method: "POST", path: POINT, operation: "UpdateRecoveryPointLifecycle", members: IN_VAULT },
];

/** Services that nothing here performs: IAM judges who may call them, and whoever may is told that nothing does it. */
export const JUDGED_ONLY: readonly AwsService[] = [
  { name: "iam", protocol: "query", operations: {}, controlPlaneRegion: "us-east-1" },
  { name: "dynamodb", protocol: "json-1.0", operations: {} },
  { name: "secretsmanager", protocol: "json-1.1", operations: {} },
  { name: "s3", protocol: "rest-xml", operations: {}, route: routing(S3_ROUTES) },
  { name: "backup", protocol: "rest-json", operations: {}, route: routing(BACKUP_ROUTES) },
];

function routing(routes: readonly Route[]): NonNullable<AwsService["route"]> {
  return ({ method, path, query }: RestRequest) => {
    for (const route of routes) {
      const parts = route.method === method ? route.path.exec(path) : null;
      if (!parts || (route.query !== undefined && !query.has(route.query))) continue;
      const input: Fields = Object.fromEntries(
        route.members.map((member, at) => [member, decodeURIComponent(parts[at + 1] ?? "")]),
      );
      return { operation: route.operation, input };
    }
    return undefined;
  };
}
