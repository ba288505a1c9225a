import type { Form } from "../domain/card.ts";
import { sayTime } from "../domain/duration.ts";
import { UserError } from "../domain/errors.ts";
import { findService, type Inventory } from "../domain/inventory.ts";
import { Mode, planDigest } from "../domain/plan.ts";
import { proposedRun } from "../domain/run.ts";
import type { Region, Service } from "../domain/service.ts";
import { observe } from "../flows/observe.ts";
import { planFailover } from "../flows/runbooks/failover.ts";
import { planCard } from "../views/plan.ts";
import type { Answer, Ask } from "./intent.ts";
import { knownPerson, type RunCommandDeps } from "./run-deps.ts";

/** `/dr failover <service> [to <region>] [planned|unplanned] [dry-run] [because <reason>]`, or a form without arguments. */
export async function failover(ask: Ask, deps: RunCommandDeps): Promise<Answer> {
  const inventory = deps.inventory();
  const requester = knownPerson(ask, inventory);
  const wanted = ask.fields ? fromFields(ask.fields) : fromWords(ask.text);
  if (!wanted.service) return { kind: "form", form: failoverForm(inventory, ask.asker.channel) };
  const service = findService(inventory, wanted.service);
  if (!service)
    throw new UserError(
      "service-unknown",
      `There is no service called ${wanted.service}. There are: ${inventory.services.map(({ name }) => name).join(", ")}.`,
    );
  await refuseWhileHeld(service, deps);
  if (!wanted.dryRun) await refuseWhileCoolingDown(service, deps);
  const observed = await observe(service, deps.cloud);
  const to = wanted.to ?? standbyNow(service, observed.activeRegion.known ? observed.activeRegion.value : undefined);
  const incident = await deps.incidentOf(service.name);
  const nowMs = deps.clock.now();
  const planned = planFailover({
    id: deps.newId(),
    service,
    to,
    mode: wanted.mode,
    reason: wanted.reason || (incident ? `incident ${incident.id}` : "asked for by hand"),
    requester: requester.id,
    incident: incident?.id,
    inventory,
    observed,
    nowMs,
  });
  if (planned.kind === "refused")
    throw new UserError(
      "failover-refused",
      `No plan for ${service.name}: ${planned.reasons.join(" ")} Nothing was changed.`,
    );
  const { plan } = planned;
  const run = proposedRun(plan, planDigest(plan));
  if (wanted.dryRun) return { kind: "whisper", card: dryRun(planCard(run, inventory, nowMs)) };
  const channel = incident?.channel ?? ask.asker.channel ?? contextChannel(ask.value) ?? inventory.file.alerts.channel;
  await deps.rememberChannel(plan.id, channel);
  await deps.runs.create(plan, run.digest, [
    {
      kind: "run.proposed",
      atMs: nowMs,
      run: plan.id,
      service: service.name,
      by: requester.id,
      door: ask.asker.door,
      ...(incident ? { incident: incident.id } : {}),
      says: `${requester.name} asks for ${plan.mode === "planned" ? "a planned" : "an unplanned"} failover of ${service.name} from ${plan.from} to ${plan.to}: ${plan.reason}`,
      facts: { digest: run.digest },
    },
  ]);
  await deps.wake.run(plan.id);
  return {
    kind: "whisper",
    card: {
      text: `Plan ${plan.id} is made. Its card and the approvers' pages are on their way.`,
      parts: [
        {
          kind: "text",
          text: [
            `Plan `,
            { code: plan.id },
            ` is made. Its card is in `,
            { channel },
            `; the approvers are being paged.`,
          ],
        },
      ],
    },
  };
}

interface Wanted {
  readonly service: string | undefined;
  readonly to: Region | undefined;
  readonly mode: Mode;
  readonly reason: string;
  readonly dryRun: boolean;
}

function fromFields(fields: Readonly<Record<string, string>>): Wanted {
  const mode = Mode.safeParse(fields["mode"]);
  return {
    service: fields["service"],
    to: fields["to"] || undefined,
    mode: mode.success ? mode.data : "unplanned",
    reason: fields["reason"] ?? "",
    dryRun: fields["dry-run"] === "yes",
  };
}

/** Words in any order after the service; everything after `because` is the reason. */
function fromWords(text: string): Wanted {
  const [before = "", ...because] = text.split(/\bbecause\b/);
  const [service, ...rest] = before
    .trim()
    .split(/\s+/)
    .filter((word) => word !== "");
  let to: Region | undefined;
  let mode: Mode = "unplanned";
  let dryRun = false;
  for (let index = 0; index < rest.length; index += 1) {
    const word = rest[index];
    if (word === "to" && rest[index + 1] !== undefined) {
      to = rest[index + 1];
      index += 1;
    } else if (word === "planned" || word === "unplanned") mode = word;
    else if (word === "dry-run" || word === "--dry-run") dryRun = true;
    else
      throw new UserError(
        "failover-words",
        `“${word}” is not understood. Use: /dr failover <service> [to <region>] [planned|unplanned] [dry-run] [because <reason>]`,
      );
  }
  return { service, to, mode, reason: because.join("because").trim(), dryRun };
}

function standbyNow(service: Service, active: Region | undefined): Region {
  return active === service.standby ? service.home : service.standby;
}

async function refuseWhileHeld(service: Service, deps: RunCommandDeps): Promise<void> {
  const holder = await deps.runs.holderOf(service.name);
  if (holder !== undefined)
    throw new UserError(
      "service-claimed",
      `Run ${holder} is moving ${service.name} right now. Two failovers of one service cannot run at once.`,
    );
  for (const id of await deps.runs.openIds()) {
    const open = await deps.runs.read(id);
    if (open?.plan.service === service.name && open.state === "waiting-for-keys") {
      throw new UserError(
        "plan-waiting",
        `Plan ${id} for ${service.name} waits for keys already. Use that one, or withdraw it first: /dr withdraw ${id}`,
      );
    }
  }
}

/** Nobody shall read a plan and turn a key on it that cannot start before it is too old. */
async function refuseWhileCoolingDown(service: Service, deps: RunCommandDeps): Promise<void> {
  const untilMs = await deps.runs.coolDownUntil(service.name);
  const nowMs = deps.clock.now();
  if (untilMs === undefined || untilMs < nowMs + deps.inventory().file.approvals.start_within) return;
  throw new UserError(
    "service-cooling-down",
    `${service.name} was failed over a short while ago. The next failover may start at ${sayTime(untilMs, nowMs)} (cool_down in twokey.yaml), and a plan made now would be too old by then. Nothing was changed.`,
  );
}

function failoverForm(inventory: Inventory, channel: string | undefined): Form {
  const choice = (values: readonly string[]) => values.map((value): [string, string] => [value, value]);
  const regions = [...new Set(inventory.services.flatMap((service) => [service.standby, service.home]))];
  return {
    title: "Plan a failover",
    intent: "failover",
    context: `channel:${channel ?? ""}`,
    submit: "Observe and plan",
    intro: [
      {
        kind: "text",
        text: "Nothing is changed yet: TwoKey looks at both sides and makes a plan that two other people must approve.",
      },
    ],
    fields: [
      { id: "service", label: "Service", kind: "choice", choices: choice(inventory.services.map(({ name }) => name)) },
      {
        id: "to",
        label: "Target region",
        kind: "choice",
        choices: choice(regions),
        optional: true,
        hint: "Left empty: the side that is standby now.",
      },
      {
        id: "mode",
        label: "Mode",
        kind: "choice",
        initial: "unplanned",
        choices: [
          ["unplanned", "Unplanned: the old side is in trouble"],
          ["planned", "Planned: stop writers, lose nothing"],
        ],
      },
      { id: "reason", label: "Reason", kind: "paragraph", hint: "The approvers read this." },
    ],
  };
}

function contextChannel(context: string | undefined): string | undefined {
  return context?.startsWith("channel:") ? context.slice("channel:".length) || undefined : undefined;
}

function dryRun(card: ReturnType<typeof planCard>): ReturnType<typeof planCard> {
  return {
    ...card,
    text: `Dry run, nothing is kept: ${card.text}`,
    parts: [
      { kind: "text", text: [{ bold: "Dry run: this plan is not kept and cannot be approved." }] },
      ...card.parts.filter((part) => part.kind !== "buttons"),
    ],
  };
}
