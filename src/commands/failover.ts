import type { Form } from "../domain/card/card.ts";
import { sayTime } from "../domain/duration.ts";
import { UserError } from "../domain/errors.ts";
import { Mode } from "../domain/plan-run/plan.ts";
import { WAITS_FOR_PEOPLE } from "../domain/plan-run/run.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import type { Region, Service } from "../domain/service/service.ts";
import { type Answer, type Ask, wordsAndReason } from "./intent.ts";
import { propose, refuseWhilePlanned } from "./propose.ts";
import { knownPerson, type RunCommandDeps, serviceNamed } from "./run-deps.ts";

/** `/dr failover <service> [to <region>] [planned|unplanned] [dry-run] [because <reason>]`, or a form without arguments. */
export async function failover(ask: Ask, deps: RunCommandDeps): Promise<Answer> {
  const inventory = deps.inventory();
  const requester = knownPerson(ask, inventory);
  const wanted = ask.fields ? fromFields(ask.fields) : fromWords(ask.text);
  if (!wanted.service) return { kind: "form", form: failoverForm(inventory, ask.asker.channel) };
  const service = serviceNamed(wanted.service, inventory);
  await refuseWhileHeld(service, deps);
  if (!wanted.dryRun) await refuseWhileCoolingDown(service, deps);
  return propose({ ...wanted, service, requester, ask }, deps);
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
    dryRun: false,
  };
}

/** Words in any order after the service; everything after `because` is the reason. */
function fromWords(text: string): Wanted {
  const { words, reason } = wordsAndReason(text);
  const [service, ...rest] = words;
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
  return { service, to, mode, reason, dryRun };
}

async function refuseWhileHeld(service: Service, deps: RunCommandDeps): Promise<void> {
  const holder = await deps.runs.holderOf(service.name);
  const run = holder === undefined ? undefined : await deps.runs.read(holder);
  if (run && WAITS_FOR_PEOPLE.some((state) => state === run.state))
    throw new UserError(
      "service-claimed",
      `Run ${holder} holds ${service.name} and is ${run.state}. To plan what is left of it: /dr replan ${holder}. Other ways on are on its progress message.`,
    );
  if (holder !== undefined)
    throw new UserError(
      "service-claimed",
      `Run ${holder} is moving ${service.name} right now; its progress message shows how far it is. Two failovers of one service cannot run at once.`,
    );
  await refuseWhilePlanned(service, deps);
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
