import { z } from "zod";
import { arnOf, partitionOf } from "../arn.ts";
import type { AwsCall } from "../service.ts";
import { ACCOUNT_ID } from "../specs.ts";
import type { AccessesOf } from "./wanted.ts";

const text = (input: AwsCall["input"], name: string): string => z.string().catch("").parse(input[name]);

type Resource = (call: AwsCall) => string;

const all = (operations: readonly string[], resource: Resource): Readonly<Record<string, AccessesOf>> =>
  Object.fromEntries(
    operations.map((operation): [string, AccessesOf] => [
      operation,
      (call) => [{ action: call.operation, resource: resource(call) }],
    ]),
  );

const global = (service: string, { region }: AwsCall, resource: string): string =>
  `arn:${partitionOf(region)}:${service}::${service === "iam" ? ACCOUNT_ID : ""}:${resource}`;

const ON_ROLES = ["PutRolePolicy", "AttachRolePolicy", "UpdateAssumeRolePolicy", "DeleteRole", "DeleteRolePolicy"];
const ON_TABLES = ["DeleteTable", "UpdateTable", "DeleteItem"];

/** Of services that IAM alone knows here. */
export const OTHER_ACCESSES: Readonly<Record<string, Readonly<Record<string, AccessesOf>>>> = {
  iam: {
    ...all(ON_ROLES, (call) => global("iam", call, `role/${text(call.input, "RoleName")}`)),
    ...all(["CreateAccessKey"], (call) => global("iam", call, `user/${text(call.input, "UserName")}`)),
  },
  s3: {
    ...all(["DeleteBucket", "PutBucketPolicy"], (call) => global("s3", call, text(call.input, "Bucket"))),
    PutBucketLifecycleConfiguration: (call) => [
      { action: "PutLifecycleConfiguration", resource: global("s3", call, text(call.input, "Bucket")) },
    ],
    ...all(["GetObject", "DeleteObject"], (call) =>
      global("s3", call, `${text(call.input, "Bucket")}/${text(call.input, "Key")}`),
    ),
  },
  backup: {
    ...all(["DeleteBackupVault"], ({ region, input }) =>
      arnOf("backup", region, `backup-vault:${text(input, "BackupVaultName")}`),
    ),
    ...all(["DeleteRecoveryPoint", "UpdateRecoveryPointLifecycle"], ({ input }) => text(input, "RecoveryPointArn")),
  },
  dynamodb: all(ON_TABLES, ({ region, input }) => arnOf("dynamodb", region, `table/${text(input, "TableName")}`)),
  secretsmanager: all(["GetSecretValue", "DeleteSecret"], ({ region, input }) =>
    arnOf("secretsmanager", region, `secret:${text(input, "SecretId")}`),
  ),
};

/** What KMS is asked of a key directly, by nobody else on the caller's behalf. */
export const KEY_OPERATIONS = [
  ...["CreateGrant", "Decrypt", "GenerateDataKey"],
  ...["DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy"],
] as const;
