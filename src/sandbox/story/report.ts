import { Resolver } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { sayDuration } from "../../domain/duration.ts";
import { approversOf } from "../../domain/service/access.ts";
import { frontOf, namesOf } from "../../flows/resources/site.ts";

import type { LogEntry } from "../../simulators/world/log.ts";
import { PAGERDUTY_EXTRAS } from "../derive-pagerduty.ts";
import { accountOf, SLACK_EXTRAS } from "../derive-slack.ts";
import { firstTarget } from "../first-target.ts";
import type { Stage } from "../stage.ts";
import type { CLAIMS, StoryFacts } from "./claims.ts";
import { duplicateEffects, firstGoodWriteMs, machineMsUntil, rpoSeconds } from "./judge.ts";
import type { Played } from "./play.ts";

export interface Report {
  readonly figures: { readonly ok: boolean } & Readonly<Record<string, unknown>>;
  readonly table: string;
}

interface Told {
  readonly stage: Stage;
  readonly played: Played;
  readonly entries: readonly LogEntry[];
  readonly seed: number;
  readonly speed: number;
  readonly claims: typeof CLAIMS;
  readonly leastMs: number;
}

/** What the world puts before each answer: bounds in world time for AWS, machine time for the others. */
const Latency = z.object({
  awsWorldMs: z.tuple([z.number(), z.number()]),
  slackMs: z.number(),
  pagerDutyMs: z.number(),
});

/** Judges the story by the world's log, and prints its figures. */
export async function report(told: Told): Promise<Report> {
  const { stage, played, entries, seed, speed, claims, leastMs } = told;
  const facts = await factsOf(told);
  const judged = claims.map((claim) => ({ says: claim.says, broken: claim.broken(facts) }));
  const wallMs = played.verifiedMs - played.lastKeyMs;
  const figures = {
    ok: judged.every(({ broken }) => broken === undefined),
    speed,
    seed,
    injected: Latency.parse(await stage.world.get("/latency")),
    incidents: entries.filter(
      ({ kind, facts: { incidentKey } }) =>
        kind === "pagerduty.incident-created" && !String(incidentKey).includes(":run:"),
    ).length,
    channel: played.channel,
    firstPageMs: facts.firstPageMs ?? null,
    channelOpenMs: facts.channelOpenMs ?? null,
    approvals: played.keyHolders.map(({ id }) => id),
    run: {
      state: played.runState,
      worldWallMs: Math.round(wallMs),
      worldCriticalPathMs: Math.round(leastMs),
      overhead: Number((wallMs / leastMs).toFixed(4)),
      workerKills: played.workerKills,
    },
    rtoSeconds:
      facts.firstGoodWriteMs === undefined ? null : Math.round((facts.firstGoodWriteMs - played.darkAtMs) / 1_000),
    rpoSeconds: Number(rpoSeconds(facts.verdict, played.darkAtMs).toFixed(1)),
    duplicateEffects: duplicateEffects(entries).length + facts.verdict.doubledWrites,
    broken: judged.flatMap(({ says, broken }) => (broken === undefined ? [] : [`${says}: ${broken}`])),
  };
  return { figures, table: tableOf(stage, figures, judged) };
}

async function factsOf({ stage, played, entries }: Told): Promise<StoryFacts> {
  const { world, inventory } = stage;
  const [service] = inventory.services;
  if (!service) throw new RangeError("The file protects no service");
  const messages = await world.people.messages(played.channel);
  const progress = messages.filter(({ metadata }) => String(metadata?.event_payload["key"]).startsWith("progress:"));
  const posted = (prefix: string) => (entry: LogEntry) =>
    String(entry.facts["key"]).startsWith(prefix) && entry.facts["channel"] === played.channel;
  const cardMs = machineMsUntil(entries, played.alarm, { kind: "slack.message-posted", fits: posted("incident:") });
  const invitedMs = machineMsUntil(entries, played.alarm, {
    kind: "slack.invited",
    fits: ({ facts }) => facts["channel"] === played.channel,
  });
  return {
    entries,
    service: service.name,
    home: service.home,
    standby: firstTarget(service),
    verdict: await world.verdict(service.name, played.darkAtMs),
    requesterSlackId: accountOf(inventory, played.requester.id),
    keyHolderSlackIds: played.keyHolders.map(({ id }) => accountOf(inventory, id)),
    approverSlackIds: approversOf(inventory, service.name).map(({ id }) => accountOf(inventory, id)),
    refusedRequester: played.refusedRequester,
    firstPageMs: machineMsUntil(entries, played.alarm, {
      kind: "pagerduty.event-accepted",
      fits: ({ facts }) => facts["action"] === "trigger",
    }),
    channelOpenMs: cardMs === undefined || invitedMs === undefined ? undefined : Math.max(cardMs, invitedMs),
    firstGoodWriteMs: firstGoodWriteMs(entries, firstTarget(service), played.darkAtMs),
    workerKills: played.workerKills,
    resumedAfterMs: played.resumedAfterMs,
    progressMessages: progress.length,
    lastProgress: progress.at(-1)?.text ?? "",
    updatePosted: messages.some(
      ({ text }) => text.startsWith("Status update 1") && !text.includes("overdue") && !text.includes("(late)"),
    ),
    resolvedSaid: messages.find(({ text }) => text.startsWith("Resolved"))?.text,
    pointsToStandby: await pointsTo(
      stage,
      frontOf(service, firstTarget(service))?.dns_name ?? "",
      namesOf(service)[0]?.name ?? "",
    ),
    leaks: await leaksIn(stage, messages),
  };
}

const Connections = z.array(z.object({ address: z.string(), dnsName: z.string() }));
const Environment = z.looseObject({ DNS_RESOLVERS: z.string() });

/** What both public resolvers of the world answer now, asked over the wire. */
async function pointsTo({ world }: Stage, balancer: string, name: string): Promise<boolean> {
  const connections = Connections.parse(await world.get("/dns/addresses"));
  const wanted = connections.find(({ dnsName }) => dnsName.toLowerCase() === balancer.toLowerCase())?.address;
  const servers = Environment.parse(await world.get("/env")).DNS_RESOLVERS.split(",");
  const answers = await Promise.all(
    servers.map(async (server) => {
      const resolver = new Resolver();
      resolver.setServers([server]);
      return resolver.resolve4(name).catch(() => []);
    }),
  );
  return answers.every((addresses) => addresses.length > 0 && addresses.every((address) => address === wanted));
}

/** Secrets of this world that turn up where anybody could read them. */
async function leaksIn({ bots, ledgerKey }: Stage, messages: readonly unknown[]): Promise<string[]> {
  const logs = await Promise.all(bots.map(({ logFile }) => readFile(logFile, "utf8")));
  const text = [...logs, JSON.stringify(messages)].join("\n");
  const secrets = {
    "Slack token": SLACK_EXTRAS.botToken,
    "app token": SLACK_EXTRAS.appToken,
    "routing key": PAGERDUTY_EXTRAS.routingKey,
    "PagerDuty token": PAGERDUTY_EXTRAS.apiToken,
    "webhook secret": PAGERDUTY_EXTRAS.webhookSecret,
    "ledger key": ledgerKey,
  };
  return Object.entries(secrets).flatMap(([name, value]) => (text.includes(value) ? [name] : []));
}

function tableOf(
  { inventory }: Stage,
  figures: Report["figures"],
  judged: readonly { says: string; broken: string | undefined }[],
): string {
  const run = z
    .object({ worldWallMs: z.number(), worldCriticalPathMs: z.number(), overhead: z.number() })
    .parse(figures["run"]);
  const rows: [string, string][] = [
    ["Alarm to first page accepted", `${String(figures["firstPageMs"])} ms of your time`],
    ["Alarm to channel with card and people", `${String(figures["channelOpenMs"])} ms of your time`],
    [
      "Keys",
      (figures["approvals"] as string[])
        .map((id) => inventory.people.find((person) => person.id === id)?.name ?? id)
        .join(" and "),
    ],
    ["Last key to verified (world time)", sayDuration(run.worldWallMs)],
    ["… of which the world itself needed", `${sayDuration(run.worldCriticalPathMs)} (overhead ${run.overhead})`],
    ["Users without service (RTO)", sayDuration(Number(figures["rtoSeconds"]) * 1_000)],
    ["Acknowledged writes lost (RPO)", `${String(figures["rpoSeconds"])} s`],
    ["Effects that happened twice", String(figures["duplicateEffects"])],
  ];
  const figuresText = rows.map(([label, value]) => `  ${label.padEnd(40)} ${value}`).join("\n");
  const claimsText = judged
    .map(
      ({ says, broken }) =>
        `  ${broken === undefined ? "held  " : "BROKEN"}  ${says}${broken === undefined ? "" : ` – ${broken}`}`,
    )
    .join("\n");
  return `\n${figuresText}\n\n${claimsText}\n\n${figures.ok ? "Every claim held." : "Not every claim held."}\n`;
}
