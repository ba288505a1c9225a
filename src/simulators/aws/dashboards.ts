import { z } from "zod";
import type { World } from "../world/world.ts";
import { partitionOf } from "./arn.ts";
import { page } from "./paging.ts";
import { type AwsCall, AwsError, type AwsOperation } from "./service.ts";
import { ACCOUNT_ID } from "./specs.ts";

const Name = z.string().regex(/^[0-9A-Za-z_-]{1,255}$/);
const Put = z.strictObject({ DashboardName: Name, DashboardBody: z.string().max(1_048_576) });
const Get = z.strictObject({ DashboardName: Name });
const List = z.strictObject({ DashboardNamePrefix: z.string().optional(), NextToken: z.string().optional() });
const Body = z.looseObject({ widgets: z.array(z.looseObject({ type: z.string() })).max(500) });

interface Dashboard {
  readonly name: string;
  readonly body: string;
  readonly changedMs: number;
}

/** The vendor's page. */
const PAGE = 1_000;

/** Kept as they are, of the whole account: nothing draws them. */
export function dashboardOperations(world: World): Readonly<Record<string, AwsOperation>> {
  const kept = new Map<string, Dashboard>();
  return {
    PutDashboard: {
      mutates: true,
      handle: ({ input }) => {
        const { DashboardName: name, DashboardBody: body } = Put.parse(input);
        requireWidgets(body);
        kept.set(name, { name, body, changedMs: world.clock.now() });
        return { DashboardValidationMessages: [] };
      },
    },
    GetDashboard: {
      mutates: false,
      handle: ({ input, region }) => {
        const { DashboardName } = Get.parse(input);
        const found = kept.get(DashboardName);
        if (!found) throw new AwsError("ResourceNotFound", `Dashboard ${DashboardName} does not exist`, 404);
        return { DashboardArn: arnFor(region, found), DashboardBody: found.body, DashboardName };
      },
    },
    ListDashboards: { mutates: false, handle: (call) => list([...kept.values()], call) },
  };
}

function requireWidgets(body: string): void {
  const refused = (why: string) => new AwsError("InvalidParameterInput", `The dashboard body is invalid: ${why}`);
  let content: unknown;
  try {
    content = JSON.parse(body);
  } catch {
    throw refused("it is not JSON.");
  }
  const parsed = Body.safeParse(content);
  if (!parsed.success) throw refused(`/${parsed.error.issues[0]?.path.join("/")} is missing or of the wrong type.`);
}

function list(all: readonly Dashboard[], { input, region }: AwsCall) {
  const { DashboardNamePrefix: prefix = "", NextToken } = List.parse(input);
  const found = all.filter(({ name }) => name.startsWith(prefix));
  const { entries, marker } = page(found, ({ name }) => name, { size: PAGE, marker: NextToken });
  const DashboardEntries = entries.map((each) => ({
    ...{ DashboardName: each.name, DashboardArn: arnFor(region, each), Size: Buffer.byteLength(each.body) },
    LastModified: new Date(each.changedMs),
  }));
  return { DashboardEntries, NextToken: marker };
}

/** Without a region: every one shows the same. */
const arnFor = (region: string, { name }: Dashboard): string =>
  `arn:${partitionOf(region)}:cloudwatch::${ACCOUNT_ID}:dashboard/${name}`;
