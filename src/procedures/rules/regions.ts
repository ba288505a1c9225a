import { canonicalZone, readBalancerName, zoneOwner } from "../../flows/resources/load-balancers.ts";
import { primaryRegions, regionsIn, settingsWith, treesOf } from "../facts.ts";
import { type Act, type Document, everySetting, type Procedure, type Setting, textOf } from "../procedure.ts";
import { purposeOf } from "../purposes.ts";
import { eachProcedure, type Found, type ProcedureRule } from "../rule.ts";

/** Where a control plane stands that serves all regions: records, health checks and their metrics. */
const GLOBAL_CONTROL = "us-east-1";

/** What is in which region, and what is left when one of them is gone. */
export const REGION_RULES: readonly ProcedureRule[] = [
  {
    id: "failover-leaves-the-cluster",
    reason: "failover-db-cluster makes another instance of the same cluster the writer. It never leaves the region.",
    instead:
      "Use failover-global-cluster or switchover-global-cluster for a global database, or promote the copy in the other region.",
    finds: (plan) =>
      eachProcedure(plan, (procedure) =>
        procedure.acts.flatMap((act) =>
          act.name === "rds failover-db-cluster" && isMeantForRegion(act, procedure)
            ? [{ line: act.line, what: "failover-db-cluster is meant to move the database to another region" }]
            : [],
        ),
      ),
  },
  {
    id: "load-balancer-zone",
    reason: "Route 53 refuses an alias whose zone is not the one of that load balancer, and with it the whole change.",
    instead: "Ask for CanonicalHostedZoneId with aws elbv2 describe-load-balancers.",
    finds: ({ documents }) => documents.flatMap((document) => [...wrongZones(document)]),
  },
  {
    id: "control-plane-elsewhere",
    reason: `Records, health checks and their metrics are run from ${GLOBAL_CONTROL}: while it is down they cannot be changed or read.`,
    instead:
      "Use what needs no control plane there: routing controls of Application Recovery Controller, and an alarm in the other region on a probe of your own.",
    finds: ({ documents }) =>
      documents.filter((document) => primaryRegions(document).has(GLOBAL_CONTROL)).flatMap(restsOnControl),
  },
  {
    id: "no-automatic-move-to-a-cold-standby",
    reason:
      "DNS moves by itself while the tasks are stopped and the database takes no writes: users arrive and nothing serves them.",
    instead:
      "Let people move the users after the promotion, or keep the standby serving and watch for a move that DNS made by itself.",
    finds: ({ documents }) => documents.flatMap(movesToCold),
  },
  {
    id: "no-synchronous-copy-between-regions",
    reason: "RDS and Aurora copy between regions asynchronously, and nothing promotes such a copy by itself.",
    instead: "Write asynchronous, plan for a loss as large as the lag, and say who promotes the copy.",
    finds: ({ documents }) => documents.flatMap((document) => [...synchronousCopies(document)]),
  },
];

/** The function or its target speaks of a region, or the text above does. */
function isMeantForRegion({ options, note }: Act, { title }: Procedure): boolean {
  const target = ["targetdbinstanceidentifier", "dbclusteridentifier"].map((name) => options.get(name)?.text ?? "");
  const said = [title, note].some((text) =>
    /\bregion(?:al|s)?\b|_region\b|(?:cross|multi|other|second)[- ]region/i.test(text),
  );
  return said || target.some((text) => /\{?\$?\{?\w*region\w*\}?/i.test(text) || regionsIn(text).length > 0);
}

function* wrongZones(document: Document): Generator<Found> {
  for (const setting of everySetting(treesOf(document))) {
    const name = textOf(setting, "DNSName", "name");
    const zone = textOf(setting, "HostedZoneId", "zone_id");
    const balancer =
      name?.text === undefined ? undefined : readBalancerName(name.text.replace(/^dualstack\.|\.$/g, ""));
    if (!balancer || !zone?.text || !/^Z[A-Z0-9]{8,}$/.test(zone.text)) continue;
    const right = canonicalZone(balancer.region, balancer.kind);
    if (right === undefined || right === zone.text) continue;
    const owner = zoneOwner(zone.text);
    const whose = owner ? `the one of ${owner.kind} load balancers in ${owner.region}` : "of no load balancer";
    yield {
      ...{ file: document.file, line: zone.line },
      what: `the zone ${zone.text} is ${whose}, and ${name?.text} belongs to the ${balancer.kind} load balancers of ${balancer.region}`,
      instead: `Write ${right}, or ask for CanonicalHostedZoneId with aws elbv2 describe-load-balancers.`,
    };
  }
}

/** A way back is gone when the region is healthy again. */
const isWayBack = ({ title }: Procedure): boolean => /fail.?back|return|switch.?back/i.test(title);
const meansFailure = ({ title, acts }: Procedure): boolean =>
  /fail.?over|disaster|outage/i.test(title) || acts.some((act) => purposeOf(act) === "promotes");

function restsOnControl(document: Document): Found[] {
  const { file, procedures } = document;
  const changes = procedures
    .filter((procedure) => meansFailure(procedure) && !isWayBack(procedure))
    .flatMap(({ acts }) => acts.filter(({ name }) => name === "route53 change-resource-record-sets"));
  const alarms = [...settingsWith(document, "metric_name", "threshold")].filter(isOfHealthChecks);
  const put = procedures.flatMap(({ acts }) =>
    acts.filter(
      ({ name, options }) =>
        name === "cloudwatch put-metric-alarm" && options.get("metricname")?.text === "HealthCheckStatus",
    ),
  );
  return [
    ...[...alarms, ...put].map(({ line }) => ({
      file,
      line,
      what: `the alarm stands in ${GLOBAL_CONTROL}, the region whose failure it must tell`,
    })),
    ...changes.map(({ line }) => ({
      file,
      line,
      what: `the failover out of ${GLOBAL_CONTROL} changes records, which is done in ${GLOBAL_CONTROL}`,
    })),
  ];
}

const isOfHealthChecks = (alarm: Setting): boolean => textOf(alarm, "metric_name")?.text === "HealthCheckStatus";

/** A failover pair of records, or a sentence that says so, beside a promotion that people make. */
function movesToCold(document: Document): Found[] {
  const { file, procedures, prose, settings } = document;
  const byHand = procedures.flatMap(({ acts }) =>
    acts.filter((act) => purposeOf(act) === "promotes" && act.service !== undefined),
  );
  const [promotes] = byHand;
  const pair = [...everySetting(settings)].find(
    ({ key, text, path }) =>
      text === "SECONDARY" && (/failover/i.test(key) || path.some((step) => /failover/i.test(step))),
  );
  const said = prose.find(({ text }) =>
    /route ?53 automatically fails over|automatic(?:ally)? (?:dns )?fail(?:s)?.?over.*\b(?:dns|route ?53)/i.test(text),
  );
  const line = said?.line ?? pair?.line;
  if (!promotes || !pair || line === undefined) return [];
  return [
    { file, line, what: `DNS fails over by itself, and the database is promoted by hand in line ${promotes.line}` },
  ];
}

function* synchronousCopies({ file, settings }: Document): Generator<Found> {
  for (const setting of everySetting(settings)) {
    const regions = new Set([...everySetting(setting.children)].flatMap(({ text }) => regionsIn(text ?? "")));
    if (regions.size < 2) continue;
    for (const child of everySetting(setting.children)) {
      const isCopy = child.path.some((step) => /replic|copy|mirror/i.test(step));
      if (isCopy && /^synchronous$/i.test(child.text ?? ""))
        yield { file, line: child.line, what: `a synchronous copy between ${[...regions].join(" and ")}` };
    }
  }
}
