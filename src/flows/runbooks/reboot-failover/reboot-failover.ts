import { z } from "zod";
import type { DatabaseFacts, Known } from "../../../domain/service/observed.ts";
import type { Region } from "../../../domain/service/service.ts";
import { planned } from "../../../ports/step.ts";
import { siteOf } from "../../resources/site.ts";
import { checkWritable } from "../../steps/check-writable.ts";
import { rebootFailover as rebootInstance } from "../../steps/reboot-failover.ts";
import { commonOf, seenAt } from "../plan-parts.ts";
import type { Planned, PlanRequest, Runbook } from "../runbook.ts";

const Wish = z.object({});

/** Moves the writer onto its standby in another zone of the same region; users stay where they are. */
export const rebootFailover: Runbook<z.infer<typeof Wish>> = {
  name: "reboot-failover",
  about: "move the writer onto its Multi-AZ standby, inside its region",
  needs: "two keys",
  usage: "",
  wish: Wish,
  words: ([word]) => (word === undefined ? { kind: "wish", wish: {} } : { kind: "not-understood", word }),
  fields: () => [],
  plan,
  wishOf: () => ({}),
  drift: async ({ plan: { assumptions, from } }, { service, cloud, signal }) => {
    const now = await cloud.databases.describe(from, siteOf(service, from).database.instance, signal);
    const found = now.known ? `${now.value.role} in ${now.value.availabilityZone ?? "?"}` : undefined;
    return assumptions.flatMap((assumption) =>
      assumption.kind === "identity" && found !== undefined && found !== assumption.value
        ? [`${assumption.says} changed: it is a ${found} now`]
        : [],
    );
  },
  oldSide: async () => ({ kind: "silent" }),
  measure: async () => ({}),
};

function plan(request: PlanRequest): Planned {
  const { service, observed, inventory } = request;
  const region = observed.activeRegion;
  if (!region.known)
    return refused(`Nobody can say which database of ${service.name} is the writer: ${region.why}. Settle that first.`);
  const database = observed.sites[region.value]?.database;
  const why = refusal(database);
  if (why !== undefined || !database?.known) return refused(why ?? "The writer cannot be seen.");
  const { instance, availabilityZone: leaves = "" } = database.value;
  return {
    kind: "plan",
    plan: {
      ...commonOf(request),
      runbook: rebootFailover.name,
      title: `Reboot ${instance} of ${service.name} onto its standby`,
      from: region.value,
      to: region.value,
      pastNoReturn: false,
      mode: "planned",
      authorisesUntilMs: request.nowMs + service.fence_watch,
      coolDownMs: 0,
      keysRequired: inventory.file.approvals.required,
      steps: stepsOf({ region: region.value, instance, leaves }, request),
      assumptions: [
        { kind: "identity", fact: "writer-zone", says: `where ${instance} runs`, value: `standalone in ${leaves}` },
      ],
      acceptances: [
        { id: "connections", words: `I accept that all connections to ${instance} drop, for 1 to 2 minutes` },
      ],
      unchecked: ["whether the application reconnects by itself"],
      facts: seenAt(`database of ${region.value}`, database),
      // The standby of a Multi-AZ instance has every commit before the writer answers it.
      dataLoss: { kind: "none" },
    },
  };
}

const refused = (...reasons: string[]): Planned => ({ kind: "refused", reasons });

function refusal(database: Known<DatabaseFacts> | undefined): string | undefined {
  if (!database?.known) return `The writer cannot be seen: ${database?.why ?? "no site"}. Ask again when it can.`;
  const { instance, multiAz, status, availabilityZone } = database.value;
  if (!multiAz) return `${instance} has no standby in another zone: it is not Multi-AZ. Move the service instead.`;
  if (status !== "available") return `${instance} is ${status}. Ask again when it is available.`;
  return availabilityZone === undefined ? `RDS does not say in which zone ${instance} runs. Ask again.` : undefined;
}

function stepsOf(
  { region, instance, leaves }: { readonly region: Region; readonly instance: string; readonly leaves: string },
  { service }: PlanRequest,
) {
  const { write_check: writeCheck } = siteOf(service, region).database;
  return [
    planned(rebootInstance, { id: "reboot", after: [], input: { region, instance, leaves } }),
    planned(checkWritable, { id: "check-writable", after: ["reboot"], input: { region, instance, writeCheck } }),
  ];
}
