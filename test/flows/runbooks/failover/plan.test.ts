import { describe, expect, test } from "@jest/globals";
import { expectedOf } from "../../../../src/domain/plan-run/learned-times.ts";
import { type Plan, planDigest, stepOf } from "../../../../src/domain/plan-run/plan.ts";
import { proposedRun } from "../../../../src/domain/plan-run/run.ts";
import { inventoryFrom } from "../../../../src/domain/service/inventory.ts";
import { driftOf } from "../../../../src/flows/runbooks/failover/drift.ts";
import { messageOf } from "../../../../src/integrations/slack/blocks.ts";
import type { RecordSet } from "../../../../src/ports/traffic.ts";
import { byHandCard } from "../../../../src/views/by-hand.ts";
import { cardText } from "../../../../src/views/card-text.ts";
import { keyForm } from "../../../../src/views/key-form.ts";
import { planCard, planInFull } from "../../../../src/views/plan.ts";
import { example } from "../../../harness/example.ts";
import { AT, type Day, dark, homeIsDark, known, quietDay, seenOn } from "../../../harness/observed.ts";
import { linesOfBlock } from "../../../harness/pasted.ts";
import { planFor, planned, serviceIn, uncheckedIn } from "../../../harness/plans.ts";
import { siteOf } from "../../../harness/site.ts";

const inventory = example("inventory");
const regami = example("regami");

const comesBefore = (plan: Plan, earlier: string, later: string): boolean => {
  const { after } = stepOf(plan, later);
  return after.includes(earlier) || after.some((id) => comesBefore(plan, earlier, id));
};

/** Home is dark, and the replica's last good sample, two seconds behind, is from then. */
function darkSince(where: typeof inventory, measuredAtMs: number) {
  const observed = homeIsDark(serviceIn(where));
  const standby = observed.sites["eu-central-1"];
  if (!standby) throw new Error("standby");
  const lag = { ...standby.lag, lastGood: { seconds: 2, measuredAtMs } };
  return { ...observed, sites: { ...observed.sites, "eu-central-1": { ...standby, lag } } };
}

/** The same, with the standby's database cut loose: nobody can tell the writer from what the databases say. */
function promotedBefore(observed: Day): Day {
  const standby = observed.sites["eu-central-1"];
  if (!standby?.database.known) throw new Error("the standby is seen");
  const database = known({ ...standby.database.value, role: "standalone" as const, source: undefined });
  return {
    ...observed,
    sites: { ...observed.sites, "eu-central-1": { ...standby, database } },
    activeRegion: { known: false, cause: "failed", why: "neither follows the other", atMs: AT },
  };
}

const drifted = (plan: Plan, day: Day): string[] => {
  const service = serviceIn(inventory);
  return driftOf(plan.assumptions, { service, observed: seenOn(service, day), to: "eu-central-1" });
};

const refusals = (answer: ReturnType<typeof planned>) => (answer.kind === "refused" ? answer.reasons.join(" ") : "");

describe("the failover runbook", () => {
  test("the new primary keeps backups as long as the old one did, and never for less than the file says", () => {
    const kept = (days: number): unknown => {
      const day = quietDay(serviceIn(inventory));
      const home = day.sites["eu-west-1"];
      if (!home?.database.known) throw new Error("the home database is seen");
      const database = known({ ...home.database.value, backupRetentionDays: days });
      const answer = planned(inventory, {
        observed: { ...day, sites: { ...day.sites, "eu-west-1": { ...home, database } } },
      });
      if (answer.kind !== "plan") throw new Error(refusals(answer));
      return stepOf(answer.plan, "promote").input["backupRetentionDays"];
    };

    expect([kept(35), kept(1)]).toEqual([35, 30]);
  });

  test("and says so in the promotion's own line, also where nobody has seen the old one", () => {
    const dark = planFor(inventory, { observed: homeIsDark(serviceIn(inventory)) });

    expect(stepOf(dark, "promote").title).toMatch(/^Promote \S+ in eu-central-1, backups 30 d$/);
  });

  test("data moves before users do, and the old side is fenced before either", () => {
    const plan = planFor(inventory);

    expect(comesBefore(plan, "fence", "promote")).toBe(true);
    expect(comesBefore(plan, "promote", "check-writable")).toBe(true);
    expect(comesBefore(plan, "check-writable", "shift-traffic")).toBe(true);
    expect(comesBefore(plan, "check-direct", "shift-traffic")).toBe(true);
    expect(comesBefore(plan, "settle-dns", "check-public")).toBe(true);
  });

  test("only the promotion is irreversible", () => {
    const plan = planFor(inventory);

    expect(plan.steps.filter(({ wayBack }) => wayBack === "irreversible").map(({ id }) => id)).toEqual(["promote"]);
  });

  test("inventory scales out before the promotion, because its healthy targets prove a writable database, once the old side is closed", () => {
    expect(stepOf(planFor(inventory), "scale-out").after).toEqual(["fence"]);
    expect(stepOf(planFor(inventory), "promote").after).toEqual(["record-position", "scale-out"]);
  });

  test("and waits for nothing where the old side is dark: new tasks cannot open a session there", () => {
    const dark = planFor(inventory, { observed: homeIsDark(serviceIn(inventory)) });

    expect(stepOf(dark, "scale-out").after).toEqual([]);
    expect(stepOf(dark, "promote").after).toEqual(["record-position"]);
  });

  test("regami scales out after the writability check, because its healthy targets alone would make DNS send users there", () => {
    expect(stepOf(planFor(regami, { requester: regami.people[0]?.id ?? "" }), "scale-out").after).toEqual([
      "check-writable",
    ]);
  });

  test("no record leads back to the old side by itself", () => {
    const plan = planFor(inventory);
    const { after } = stepOf(plan, "shift-traffic").input as {
      after: { weight: number; alias: { dnsName: string } }[];
    };
    const standby = siteOf(serviceIn(inventory), "eu-central-1").load_balancer.dns_name;

    expect(after.map(({ weight }) => weight).sort((a, b) => a - b)).toEqual([0, 100]);
    expect(after.every(({ alias }) => alias.dnsName === standby)).toBe(true);
  });

  test("with the home region dark, unknown loss and a missing fence are accepted in words", () => {
    const plan = planFor(inventory, { observed: homeIsDark(serviceIn(inventory)) });

    expect(plan.dataLoss.kind).toBe("unknown");
    expect(plan.acceptances.map(({ id }) => id)).toEqual(["data-loss", "not-fenced"]);
    expect(uncheckedIn(plan)).toContain("eu-west-1");
  });

  test("guard loss in words: expected loss is a point in time, and each key agrees to it in words, also within the objective (G4, G19)", () => {
    const plan = planFor(inventory);

    expect(plan.dataLoss).toEqual({ kind: "after", atMs: AT - 12_000, measuredAtMs: AT - 10_000 });
    expect(plan.acceptances.map(({ id }) => id)).toEqual(["data-loss", "sessions-not-proven", "healthy-primary"]);
    expect(plan.acceptances[0]?.words).toBe("I accept that writes after 03:12:33Z may be lost");
  });

  test("a planned move that promises no loss says of open sessions, on its card and in the words, that their writes may be lost", () => {
    const plan = planFor(inventory, { mode: "planned" });
    const open = plan.acceptances.find(({ id }) => id === "sessions-not-proven");
    const card = planCard(proposedRun(plan, planDigest(plan)), inventory, { nowMs: AT }).text;

    expect(plan.acceptances.map(({ id }) => id)).not.toContain("data-loss");
    expect(open?.words).toMatch(/and that those writes may be lost$/);
    expect(open?.danger).toContain("those writes may be lost");
    expect(card).toContain("Nothing written before the old database closes is lost: the standby catches up first.");
    expect(card).not.toContain("No data is lost");
  });

  test.each([
    ["a standby that follows", () => planFor(inventory)],
    [
      "a standby whose position is the last known one",
      () => planFor(inventory, { observed: darkSince(inventory, AT - 600_000) }),
    ],
    ["a position of another day", () => planFor(inventory, { observed: darkSince(inventory, AT - 86_400_000) })],
    ["a loss that nobody knows", () => planFor(inventory, { observed: homeIsDark(serviceIn(inventory)) })],
  ])(
    "with %s the card says of the loss what each key signs, in the same words and by the same clock",
    (_what, plan) => {
      const made = plan();
      const run = proposedRun(made, planDigest(made));
      const signed = made.acceptances.find(({ id }) => id === "data-loss")?.words ?? "";
      const [, loss = ""] = /^I accept that (.+?)(?:, more than the objective.*)?$/.exec(signed) ?? [];
      const said = `${loss.charAt(0).toUpperCase()}${loss.slice(1)}.`;

      expect(loss).toMatch(/may be lost/);
      for (const shown of [planCard(run, inventory, { nowMs: AT }), planInFull(run, inventory, { nowMs: AT })])
        expect(cardText(shown)).toContain(said);
      // Slack shows the reader's own time, and what is signed beside it.
      const [time] = /(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\dZ/.exec(signed) ?? [""];
      expect(JSON.stringify(messageOf(planCard(run, inventory, { nowMs: AT }), () => undefined).blocks)).toContain(
        time,
      );
      expect(cardText({ text: "", parts: keyForm(run, inventory).intro }, { nowMs: AT })).toContain(said);
    },
  );

  test("with the home region dark the last known position bounds the loss, in the plan, its words and its step (G4)", () => {
    const plan = planFor(inventory, { observed: darkSince(inventory, AT - 600_000), outageAtMs: AT - 590_000 });

    expect(plan.dataLoss).toMatchObject({ kind: "after", atMs: AT - 602_000, measuredAtMs: AT - 600_000 });
    expect(plan.acceptances[0]).toEqual({
      id: "data-loss",
      words: "I accept that writes after 03:02:43Z may be lost",
    });
    expect(stepOf(plan, "record-position").input["knownUntilMs"]).toBe(AT - 602_000);
    const card = planCard(proposedRun(plan, planDigest(plan)), inventory, { nowMs: AT }).text;
    expect(card).toContain("Writes after 03:02:43Z may be lost. By its last lag, eu-central-1 has all before that.");
  });

  test("a last known position is judged against the outage, and against now where nobody knows when that began", () => {
    const sixteenMinutesAgo = AT - 16 * 60_000;
    const observed = darkSince(inventory, sixteenMinutesAgo);
    const words = (outageAtMs?: number) =>
      planFor(inventory, { observed, ...(outageAtMs === undefined ? {} : { outageAtMs }) }).acceptances[0]?.words;

    expect(words(sixteenMinutesAgo + 30_000)).not.toContain("objective");
    expect(words()).toContain("more than the objective of 15 min");
    // Seen before the sample: the source committed after that, so it says nothing about the end of the commits.
    expect(words(sixteenMinutesAgo - 3_600_000)).toContain("more than the objective of 15 min");
  });

  test("a last known position is judged against now where the old side answers: an alarm ends no commits", () => {
    const sixteenMinutesAgo = AT - 16 * 60_000;
    const day = quietDay(serviceIn(inventory));
    const { "eu-central-1": standby } = day.sites;
    if (!standby) throw new Error("standby");
    const lastGood = { seconds: 2, measuredAtMs: sixteenMinutesAgo };
    const lag = { known: false as const, cause: "failed" as const, why: "no datapoint", atMs: AT, lastGood };
    const observed = { ...day, sites: { ...day.sites, "eu-central-1": { ...standby, lag } } };
    const plan = planFor(inventory, { observed, outageAtMs: sixteenMinutesAgo + 30_000 });

    expect(plan.acceptances.map(({ words }) => words).join()).toContain("more than the objective of 15 min");
  });

  test("every security group that the database carries is closed, and nothing of it is left for people to accept", () => {
    const quiet = quietDay(serviceIn(inventory));
    const home = quiet.sites["eu-west-1"];
    if (!home?.database.known) throw new Error("home");
    const { value } = home.database;
    const securityGroups = [...value.securityGroups, "sg-0badc0ffee"];
    const more = known({ ...value, securityGroups });
    const observed = { ...quiet, sites: { ...quiet.sites, "eu-west-1": { ...home, database: more } } };

    const plan = planFor(inventory, { observed });

    expect(stepOf(plan, "fence").input["parts"]).toContainEqual(
      expect.objectContaining({ things: expect.objectContaining({ groups: securityGroups }) }),
    );
    expect(plan.acceptances.map(({ id }) => id)).not.toContain("left-open");
  });

  test("guard shared group: a plan is refused whose fence would cut off others, and says whom", () => {
    const quiet = quietDay(serviceIn(inventory));
    const home = quiet.sites["eu-west-1"];
    if (!home) throw new Error("home");
    const withCarriers = (carriers: NonNullable<typeof home.carriers>) =>
      planned(inventory, { observed: { ...quiet, sites: { ...quiet.sites, "eu-west-1": { ...home, carriers } } } });
    const own = { group: "sg-1", instance: "mycomputer-inventory-db", says: "database mycomputer-inventory-db" };
    const bastion = { group: "sg-1", says: "eni-0a1 (i-0b2, bastion)" };
    const denied = { known: false, cause: "denied", why: "AccessDenied", atMs: AT } as const;

    const silent = { ...denied, cause: "unreachable" } as const;
    const other = { ...own, instance: "another-db", says: "database another-db" };

    const cut = /would cut off others that carry its security group too \(sg-1: eni-0a1 \(i-0b2, bastion\)\)/;
    expect(refusals(withCarriers({ databases: known([own]), interfaces: known([bastion]) }))).toMatch(cut);
    expect(refusals(withCarriers({ databases: denied }))).toMatch(/Nobody can see who else carries .*: AccessDenied/);
    expect(withCarriers({ databases: known([own]) }).kind).toBe("plan");
    expect(withCarriers({ databases: silent }).kind).toBe("plan");
    // One who answers is heard, whatever the other one does.
    expect(refusals(withCarriers({ databases: silent, interfaces: known([bastion]) }))).toMatch(cut);
    expect(refusals(withCarriers({ databases: known([own, other]), interfaces: silent }))).toMatch(
      /database another-db/,
    );
  });

  test("where RDS alone does not say which groups the database carries, people accept that others stay open", () => {
    const quiet = quietDay(serviceIn(inventory));
    const home = quiet.sites["eu-west-1"];
    if (!home) throw new Error("home");
    const database = { known: false, cause: "unreachable", why: "no answer", atMs: AT } as const;
    const observed = { ...quiet, sites: { ...quiet.sites, "eu-west-1": { ...home, database } } };

    const { acceptances } = planFor(inventory, { observed });

    expect(acceptances.find(({ id }) => id === "left-open")?.words).toMatch(
      /every security group of mycomputer-inventory-db but sg-\w+ may stay open: RDS in eu-west-1 does not list them/,
    );
  });

  test("a side that an earlier fence left closed is refused before keys: after the promotion nobody would reach it", () => {
    const quiet = quietDay(serviceIn(inventory));
    const standby = quiet.sites["eu-central-1"];
    if (!standby) throw new Error("standby");
    const observed = {
      ...quiet,
      sites: { ...quiet.sites, "eu-central-1": { ...standby, firewall: known({ "sg-1": [], "sg-2": [] }) } },
    };

    const answer = planned(inventory, { observed });

    expect(answer.kind === "refused" && answer.reasons.join()).toMatch(
      /lets nobody in: sg-1 and sg-2 have no ingress rule/,
    );
  });

  test("a standby service whose last deployment failed is refused: its tasks would not start on the worst day either", () => {
    const quiet = quietDay(serviceIn(inventory));
    const standby = quiet.sites["eu-central-1"];
    if (!standby?.compute.known) throw new Error("the standby is seen");
    const { value } = standby.compute;
    const withDeployment = (change: object) => {
      const compute = known({ ...value, deployments: value.deployments.map((each) => ({ ...each, ...change })) });
      return planned(inventory, {
        observed: { ...quiet, sites: { ...quiet.sites, "eu-central-1": { ...standby, compute } } },
      });
    };

    expect(refusals(withDeployment({ rollout: "FAILED" }))).toContain("Deploy one that starts first");
    expect(refusals(withDeployment({ rollout: "IN_PROGRESS", failedTasks: 10 }))).toContain("its tasks do not start");
    expect(withDeployment({ rollout: "IN_PROGRESS", failedTasks: 9 }).kind).toBe("plan");
  });

  test("a replica of another database is refused, and a planned move one that does not replicate", () => {
    const quiet = quietDay(serviceIn(inventory));
    const standby = quiet.sites["eu-central-1"];
    if (!standby?.database.known) throw new Error("standby");
    const { value: facts } = standby.database;
    const told = (change: Partial<typeof facts>, mode: "planned" | "unplanned") => {
      const site = { ...standby, database: known({ ...facts, ...change }) };
      return refusals(
        planned(inventory, { observed: { ...quiet, sites: { ...quiet.sites, "eu-central-1": site } }, mode }),
      );
    };
    const elsewhere = facts.source?.replace("eu-west-1", "us-west-2");

    expect(told({ source: elsewhere }, "unplanned")).toContain("Its data is not the writer's");
    expect(told({ replicating: false }, "planned")).toContain("does not replicate now");
    expect([told({ replicating: false }, "unplanned"), told({}, "planned")]).toEqual(["", ""]);
  });

  test("an engine that says 0 over a silent link is believed a minute less", () => {
    const observed = darkSince(inventory, AT - 600_000);
    const standby = observed.sites["eu-central-1"];
    if (!standby?.database.known) throw new Error("standby");
    const mysql = { ...standby, database: known({ ...standby.database.value, engine: "mysql" }) };
    const plan = planFor(inventory, { observed: { ...observed, sites: { ...observed.sites, "eu-central-1": mysql } } });

    expect(plan.dataLoss).toMatchObject({ kind: "after", atMs: AT - 662_000 });
    expect(stepOf(plan, "record-position").input["blindMs"]).toBe(60_000);
  });

  test("a database that was promoted before, with the old side dark, is taken as the writer in words, and nothing is given back any more", () => {
    const observed = promotedBefore(homeIsDark(serviceIn(inventory)));
    const plan = planFor(inventory, { observed });

    expect(plan.acceptances.map(({ id }) => id)).toEqual(["data-loss", "promoted-already", "not-fenced"]);
    expect(plan.dataLoss.kind).toBe("unknown");
    // Its run begins past the point of no return: a reopened old side would be a second writer.
    expect(plan.pastNoReturn).toBe(true);
    expect(plan.steps.map(({ id }) => id)).not.toContain("promote");
  });

  test("that nobody can ask a region which serves all the same is agreed to in words, also where the standby was promoted before", () => {
    const observed = promotedBefore(homeIsDark(serviceIn(inventory)));
    const home = observed.sites["eu-west-1"];
    if (!home) throw new Error("home");
    const serves = { ...home, deepHealth: { kind: "healthy" as const, status: 200 } };
    const plan = planFor(inventory, { observed: { ...observed, sites: { ...observed.sites, "eu-west-1": serves } } });

    expect(plan.acceptances.map(({ id }) => id)).toContain("healthy-primary");
  });

  test("with the old side dark a lag that grows voids nothing: what was agreed to is a position, and that never goes back (G3)", () => {
    const service = serviceIn(inventory);
    const observed = homeIsDark(service);
    const standby = observed.sites["eu-central-1"];
    if (!standby) throw new Error("standby");
    const behind = (seconds: number) => ({
      ...observed,
      sites: { ...observed.sites, "eu-central-1": { ...standby, lag: known({ seconds, measuredAtMs: AT }) } },
    });
    const plan = planFor(inventory, { observed: behind(30) });

    expect(plan.assumptions.map(({ fact }) => fact)).not.toContain("lag-seconds");
    expect(drifted(plan, behind(5_000))).toEqual([]);
  });

  test("guard lag gate: with the old side up, a standby that falls further behind than was accepted voids the keys (G3)", () => {
    const observed = quietDay(serviceIn(inventory));
    const standby = observed.sites["eu-central-1"];
    if (!standby) throw new Error("standby");
    const behind = (seconds: number) => ({
      ...observed,
      sites: { ...observed.sites, "eu-central-1": { ...standby, lag: known({ seconds, measuredAtMs: AT }) } },
    });
    const plan = planFor(inventory, { observed });

    const lag = plan.assumptions.find((assumption) => assumption.kind === "bounded");
    const limit = lag?.kind === "bounded" ? lag.limit : Number.NaN;

    expect([...drifted(plan, behind(1)), ...drifted(plan, behind(limit))]).toEqual([]);
    expect(drifted(plan, behind(limit + 1))).toHaveLength(1);
    expect(drifted(plan, behind(5_000))).toEqual([expect.stringContaining("the standby is now 5000 s behind")]);
  });

  test("a lag above the objective needs words", () => {
    const observed = quietDay(serviceIn(inventory));
    const standby = observed.sites["eu-central-1"];
    if (!standby) throw new Error("standby");
    const late = {
      ...observed,
      sites: { ...observed.sites, "eu-central-1": { ...standby, lag: known({ seconds: 1_200, measuredAtMs: AT }) } },
    };

    expect(planFor(inventory, { observed: late }).acceptances.map(({ id }) => id)).toContain("data-loss");
  });

  test("when Route 53's control plane is in the failed region, only promote and scale is planned, and it is accepted in words", () => {
    const service = serviceIn(regami);
    const observed = { ...homeIsDark(service), trafficRecords: dark<never>("Route 53") };
    const plan = planFor(regami, { observed, requester: regami.people[0]?.id ?? "" });

    expect(plan.acceptances.map(({ words }) => words)).toContain(
      "I accept that people change DNS by hand, and that TwoKey only promotes and scales",
    );
    expect(plan.steps.map(({ does }) => does)).not.toContain("shift-traffic");
    expect(stepOf(plan, "dns-by-hand").title).toBe("Wait for api.regami.com to be pointed at us-west-2 by hand");
  });

  test("a DNS change by hand is waited for, and one TTL more, before users' view is verified", () => {
    const observed = { ...homeIsDark(serviceIn(regami)), trafficRecords: dark<never>("Route 53") };
    const plan = planFor(regami, { observed, requester: regami.people[0]?.id ?? "" });

    expect(stepOf(plan, "settle-dns")).toMatchObject({
      ...{ after: ["dns-by-hand"], input: { afterStep: "dns-by-hand", ttlMs: 60_000 } },
    });
    expect(comesBefore(plan, "check-direct", "dns-by-hand")).toBe(true);
    expect(stepOf(plan, "check-public").after).toEqual(["settle-dns"]);
    expect(stepOf(plan, "dns-by-hand").deadlineMs).toBe(4 * 3_600_000);
  });

  test("names to be moved by hand stand in the plan with the commands for it, the database's name before anything that needs it", () => {
    const file = structuredClone(regami.file);
    const store = file.services["regami"]?.stores["main"];
    if (store) Reflect.set(store, "name", { zone: "Z0DB", name: "db.regami.internal", ttl_seconds: 30 });
    const named = inventoryFrom(file);
    const observed = { ...homeIsDark(serviceIn(named)), trafficRecords: dark<never>("Route 53") };
    const plan = planFor(named, { observed, requester: regami.people[0]?.id ?? "" });
    const [direct, byHand] = [stepOf(plan, "check-direct"), stepOf(plan, "dns-by-hand")];

    expect(direct.title).toContain("db.regami.internal to be pointed at the database in us-west-2 by hand");
    expect(direct.byHand.flatMap(linesOfBlock).join("\n")).toContain(
      '"Name":"db.regami.internal","Type":"CNAME","TTL":30',
    );
    expect(direct.deadlineMs).toBe(byHand.deadlineMs);
    // The file knows no health check, and a change without one would take it away.
    const [listed, changing] = byHand.byHand;
    const lines = byHand.byHand.flatMap(linesOfBlock);
    const change = lines.find((line) => line.includes("change-resource-record-sets"));
    expect(listed?.before).toBeUndefined();
    expect(changing?.before).toContain("until Route 53 takes it");
    expect(listed?.commands).toEqual([expect.stringContaining("list-resource-record-sets")]);
    expect(listed?.goOn).toContain("HealthCheckId");
    expect(change).toContain('"Failover":"PRIMARY"');
    expect(change).toContain('"Failover":"SECONDARY"');
  });

  test("by hand, people begin with the first step that can work, and skip what is silent until it answers", () => {
    const plan = planFor(inventory, { observed: homeIsDark(serviceIn(inventory)) });
    const text = [1, 2].map((part) => cardText(byHandCard(plan, part))).join("\n");
    const placeOf = (words: string) => text.indexOf(words);

    // Said before the first command, by the number and the name that the plan gives the step.
    expect(text).toMatch(/Skip step 1a \(Fence eu-west-1 if it answers\) for now: eu-west-1 gave no answer/);
    expect(placeOf("Skip step 1a")).toBeLessThan(placeOf("export AWS_PAGER"));
    expect(placeOf("1a-1. Fence eu-west-1 if it answers – as soon as eu-west-1 answers")).toBeGreaterThan(
      placeOf("aws rds promote-read-replica"),
    );
    expect(placeOf("aws ecs update-service --region eu-west-1")).toBeGreaterThan(placeOf("1a-1. Fence eu-west-1"));
    // A later message begins with a part of that step: it waits for the region too.
    expect(cardText(byHandCard(plan, 2))).toMatch(/1a-3\. For stores\.stock\.\*?\*? – as soon as eu-west-1 answers/);
  });

  test("by hand, the risk stands first, and the point of no return beside its command", () => {
    const plan = planFor(inventory, { observed: homeIsDark(serviceIn(inventory)) });
    const text = cardText(byHandCard(plan));

    expect(text.indexOf("eu-west-1 is silent and may still take writes, which may be lost too.")).toBeLessThan(
      text.indexOf("export AWS_PAGER"),
    );
    expect(text).toMatch(
      /\n\*?\*?3\. Promote \S+ in eu-central-1, backups 30 d\*?\*? – \*?\*?point of no return\*?\*?\. Nothing after it leads back\.\n/,
    );
  });

  test("by hand, only the blocks of what is silent are skipped where the rest of the old side answers", () => {
    const day = quietDay(serviceIn(inventory));
    const home = day.sites["eu-west-1"];
    if (!home) throw new Error("home");
    const observed = { ...day, sites: { ...day.sites, "eu-west-1": { ...home, compute: dark<never>("ECS") } } };
    const plan = planFor(inventory, { observed });

    expect(stepOf(plan, "fence")).not.toHaveProperty("silent");
    expect(stepOf(plan, "fence").byHand[0]?.before).toContain("compute.api gave no answer: skip its 2 blocks");
    const text = cardText(byHandCard(plan));
    expect(text).not.toContain("for now");
    // Its gates never come true, and the database that answers is closed all the same.
    expect(text).toMatch(/1-2\. For compute\.api\.\*? Only when 1-1 came true\./);
    expect(text).toMatch(/1-3\. For stores\.stock\.\*?\n/);
  });

  test("planned mode is refused when the old side cannot be stopped first", () => {
    const answer = planned(inventory, { mode: "planned", observed: homeIsDark(serviceIn(inventory)) });

    expect(refusals(answer)).toContain("stops the writers of the old side first");
  });

  test("planned mode loses nothing: it waits until the standby has every commit", () => {
    const plan = planFor(inventory, { mode: "planned" });

    expect(plan.dataLoss).toEqual({ kind: "none" });
    expect(stepOf(plan, "record-position").input["mustReachZero"]).toBe(true);
    expect(plan.acceptances).toMatchObject([
      {
        id: "sessions-not-proven",
        advice: expect.stringMatching(
          /^A later plan ends them with “end_sessions: connection” or .+ in twokey\.yaml\.$/,
        ),
      },
    ]);
  });

  test("two writers are nobody's to choose between", () => {
    const observed = {
      ...quietDay(serviceIn(inventory)),
      activeRegion: { known: false as const, cause: "failed" as const, why: "both databases accept writes", atMs: AT },
    };

    expect(refusals(planned(inventory, { observed }))).toContain("both databases accept writes");
  });

  test("a standby that does not answer gives no plan", () => {
    const observed = quietDay(serviceIn(inventory));
    const standby = observed.sites["eu-central-1"];
    if (!standby) throw new Error("standby");
    const blind = {
      ...observed,
      sites: { ...observed.sites, "eu-central-1": { ...standby, database: dark<never>("RDS") } },
    };

    expect(refusals(planned(inventory, { observed: blind }))).toContain(
      "mycomputer-inventory-db-replica in eu-central-1 cannot be seen",
    );
  });

  describe("the database's own name", () => {
    const { databaseRecords } = quietDay(serviceIn(inventory));
    const [record] = databaseRecords.known ? databaseRecords.value : [];
    if (!record) throw new Error("the example's database has a name");
    const { values: _none, ...routed } = record;
    const weighted: RecordSet = { ...record, setIdentifier: "old", weight: 100 };
    const withRecords = (...records: RecordSet[]): Day => ({
      ...quietDay(serviceIn(inventory)),
      databaseRecords: known(records),
    });

    test.each<[string, string, readonly RecordSet[]]>([
      [
        "with attributes that TwoKey does not write",
        "settings TwoKey does not change (CNAME: Region)",
        [{ ...record, foreign: ["Region"] }],
      ],
      [
        "of two weighted CNAMEs",
        "CNAME “old” → mycomputer",
        [weighted, { ...weighted, setIdentifier: "new", weight: 0 }],
      ],
      ["of one CNAME that Route 53 chooses", "CNAME “old” → mycomputer", [weighted]],
      [
        "that is an alias of another record",
        "no plain CNAME record (CNAME → elsewhere",
        [{ ...routed, alias: { zone: "Z1", dnsName: "elsewhere.internal", evaluateTargetHealth: false } }],
      ],
      ["of addresses", "no plain CNAME record (A → 10.0.0.7)", [{ ...record, type: "A", values: ["10.0.0.7"] }]],
      [
        "that is given away to another zone",
        "lead the application elsewhere: NS → ns.elsewhere.org",
        [record, { ...record, type: "NS", values: ["ns.elsewhere.org"] }],
      ],
      ["without any record", "no plain CNAME record.", []],
    ])("guard database name: one %s refuses the plan, and not the step after the promotion", (_what, says, records) => {
      expect(refusals(planned(inventory, { observed: withRecords(...records) }))).toContain(says);
    });

    test("voids the keys when any record set under it changes, appears or goes (G3)", () => {
      const plan = planFor(inventory);
      const changed = ["the records of the database's name changed"];

      expect(drifted(plan, withRecords(record))).toEqual([]);
      expect(drifted(plan, withRecords(record, weighted))).toEqual(changed);
      expect(drifted(plan, withRecords({ ...record, healthCheck: "hc-9" }))).toEqual(changed);
      expect(drifted(plan, withRecords())).toEqual(changed);
    });

    test("is written in the way that the file says for it", () => {
      const file = structuredClone(inventory.file);
      const stock = file.services["inventory"]?.stores["stock"];
      Object.assign(Reflect.get(stock ?? {}, "name"), { write: "exact" });
      const written = (where: typeof inventory) => stepOf(planFor(where), "point-application").input["write"];

      expect([written(inventory), written(inventoryFrom(file))]).toEqual(["sentinel", "exact"]);
    });
  });

  test("changed records void the keys; an unreachable region and a smaller lag do not (G3)", () => {
    const service = serviceIn(inventory);
    const plan = planFor(inventory);
    const quiet = quietDay(service);
    const records = quiet.trafficRecords.known ? quiet.trafficRecords.value : [];
    const moved = { ...quiet, trafficRecords: known(records.map((record) => ({ ...record, weight: 50 }))) };

    expect(drifted(plan, quiet)).toEqual([]);
    expect(drifted(plan, moved)).toEqual(["the records of api.mycomputer.com changed"]);
    expect(drifted(plan, homeIsDark(service))).toEqual([]);
  });

  test("the card says what cannot be undone, what may be lost, and who can still turn a key", () => {
    const plan = planFor(inventory, { observed: homeIsDark(serviceIn(inventory)) });
    const card = planInFull(proposedRun(plan, planDigest(plan)), inventory, { nowMs: AT });
    const text = JSON.stringify(card);

    expect(text).toContain("– point of no return");
    expect(text).toContain("unknown");
    expect(text).toContain('{"person":"ana"}');
    expect(text).not.toContain('{"person":"farid"}');
    expect(expectedOf(plan).toMs).toBeGreaterThan(5 * 60_000);
  });

  test("the card says when each fact was seen, and what is older than the look", () => {
    const plan = planFor(inventory, { observed: darkSince(inventory, AT - 600_000) });
    const card = planInFull(proposedRun(plan, planDigest(plan)), inventory, { nowMs: AT });

    expect(cardText(card, { nowMs: AT })).toContain(
      "Read at 03:02:45Z (10 min ago): replication lag. All other facts were read at 03:12:45Z (0 s ago).",
    );
  });

  test("any change of a choice changes the digest", () => {
    const plan = planFor(inventory);

    expect(planDigest({ ...plan, reason: `${plan.reason} ` })).not.toBe(planDigest(plan));
    expect(planDigest(JSON.parse(JSON.stringify(plan)))).toBe(planDigest(plan));
  });
});
