import type { Form } from "../domain/card/card.ts";
import { sayTime } from "../domain/duration.ts";
import { UserError } from "../domain/errors.ts";
import { WAITS_FOR_PEOPLE } from "../domain/plan-run/run.ts";
import { readable } from "../domain/readable.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import type { Service } from "../domain/service/service.ts";
import type { StoredRunbook } from "../flows/runbooks/runbook.ts";
import { type Answer, type Ask, wordsAndReason } from "./intent.ts";
import { propose, refuseWhilePlanned } from "./propose.ts";
import { knownPerson, type RunCommandDeps, serviceNamed } from "./run-deps.ts";

/** What follows the verb of every runbook. */
export const usageOf = ({ name, usage }: StoredRunbook): string =>
  [name, "<service>", usage, "[dry-run]", "[because <reason>]"].filter((part) => part !== "").join(" ");

/** The verb of a runbook: `/dr <runbook> <service> …`, or a form without arguments. */
export async function plan(runbook: StoredRunbook, ask: Ask, deps: RunCommandDeps): Promise<Answer> {
  const inventory = deps.inventory();
  const requester = knownPerson(ask, inventory);
  const asked = ask.fields ? fromFields(ask.fields) : fromWords(ask.text, runbook);
  if (!asked.service) return { kind: "form", form: formOf(runbook, inventory, ask.channel) };
  const service = serviceNamed(asked.service, inventory);
  const wish = runbook.read(asked.wish);
  if (!wish.ok) throw new UserError("wish-unclear", `${wish.why}. /dr help ${runbook.name} shows how to write it.`);
  await refuseWhileHeld(service, deps);
  if (!asked.dryRun) await refuseWhileCoolingDown(service, deps);
  return propose({ ...asked, runbook, wish: wish.wish, service, requester, ask }, deps);
}

interface Asked {
  readonly service: string | undefined;
  readonly wish: Readonly<Record<string, unknown>>;
  readonly reason: string;
  readonly dryRun: boolean;
}

/** Every field besides these two is the runbook's own. */
function fromFields({ service, reason = "", ...wish }: Readonly<Record<string, string>>): Asked {
  return { service, wish, reason, dryRun: false };
}

const DRY_RUN = ["dry-run", "--dry-run"];

/** Words in any order after the service; everything after `because` is the reason. */
function fromWords(text: string, runbook: StoredRunbook): Asked {
  const { words, reason } = wordsAndReason(text);
  const [service, ...rest] = words;
  const read = runbook.words(rest.filter((word) => !DRY_RUN.includes(word)));
  if (read.kind === "not-understood")
    throw new UserError(
      "words-unclear",
      `“${read.word}” is not understood. /dr help ${runbook.name} shows how to write it.`,
    );
  return { service, wish: read.wish, reason, dryRun: rest.some((word) => DRY_RUN.includes(word)) };
}

async function refuseWhileHeld(service: Service, deps: RunCommandDeps): Promise<void> {
  const holder = await deps.runs.holderOf(service.name);
  const { read, unreadable } = await readable(holder === undefined ? [] : [deps.runs.read(holder)]);
  const [run] = read;
  if (unreadable[0])
    throw new UserError(
      "service-claimed",
      `Run ${holder} holds ${service.name}, and nobody can say how far it is: ${unreadable[0].message} See “when something cannot be read” in the operations manual.`,
    );
  if (run && WAITS_FOR_PEOPLE.some((state) => state === run.state))
    throw new UserError(
      "service-claimed",
      `Run ${holder} holds ${service.name} and is ${run.state}. To plan the remaining steps: /dr replan ${holder}. Its progress message shows what else you can do.`,
    );
  if (holder !== undefined)
    throw new UserError(
      "service-claimed",
      `Run ${holder} is moving ${service.name} right now. Its progress message shows how far it is. Two runs of one service cannot run at once.`,
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
    `${service.name} was moved a short while ago. The next run may start at ${sayTime(untilMs, nowMs)} (cool_down in twokey.yaml). A plan made now would be too old by then. Nothing was changed.`,
  );
}

const INTRO = {
  "two keys":
    "Nothing is changed yet: TwoKey looks at the service and makes a plan that two other people must approve.",
  responder:
    "TwoKey looks at the service and starts at once: this only adds something, and changes nothing that is there.",
} as const satisfies Record<StoredRunbook["needs"], string>;

function formOf(runbook: StoredRunbook, { services, ...inventory }: Inventory, channel: string | undefined): Form {
  return {
    title: `Plan a ${runbook.name}`,
    intent: runbook.name,
    context: `channel:${channel ?? ""}`,
    submit: "Observe and plan",
    intro: [
      {
        kind: "text",
        text: INTRO[runbook.needs],
      },
    ],
    fields: [
      { id: "service", label: "Service", kind: "choice", choices: services.map(({ name }) => [name, name] as const) },
      ...runbook.fields({ services, ...inventory }),
      { id: "reason", label: "Reason", kind: "paragraph", hint: "The approvers read this." },
    ],
  };
}
