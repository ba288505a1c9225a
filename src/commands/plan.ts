import type { Form } from "../domain/card/card.ts";
import { UserError } from "../domain/errors.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import type { Service } from "../domain/service/service.ts";
import type { StoredRunbook } from "../flows/runbooks/runbook.ts";
import { isShown, mayAsk, refuseUnlessMayAsk, shownTo } from "./access.ts";
import { type Answer, type Ask, wordsAndReason } from "./intent.ts";
import { planWords, propose } from "./propose.ts";
import { refuseWhileCoolingDown, refuseWhileHeld } from "./refuse-while.ts";
import { knownPerson, type RunCommandDeps, serviceNamed } from "./run-deps.ts";
import { toldOf } from "./told.ts";

/** What follows the verb of every runbook. */
export const usageOf = ({ name, usage }: StoredRunbook): string =>
  [name, "<service>", usage, "[dry-run]", "[because <reason>]"].filter((part) => part !== "").join(" ");

/** The verb of a runbook: `/dr <runbook> <service> …`, or a form without arguments. */
export function plan(runbook: StoredRunbook, ask: Ask, deps: RunCommandDeps): Promise<Answer> {
  return toldOf(planWords(runbook), () => planned(runbook, ask, deps));
}

async function planned(runbook: StoredRunbook, ask: Ask, deps: RunCommandDeps): Promise<Answer> {
  const inventory = deps.inventory();
  const person = knownPerson(ask, inventory);
  const asked = ask.fields ? fromFields(ask.fields) : fromWords(ask.text, runbook);
  if (!asked.service) return { kind: "form", form: await formFor(runbook, ask, deps) };
  const service = serviceNamed(asked.service, inventory, shownTo(ask, inventory));
  refuseUnlessMayAsk(ask, service.name, inventory);
  const wish = runbook.read(asked.wish);
  if (!wish.ok) throw new UserError("wish-unclear", `${wish.why}. /dr help ${runbook.name} shows how to write it.`);
  await refuseWhileHeld(service, deps);
  if (!asked.dryRun) await refuseWhileCoolingDown(service, deps);
  return propose({ ...asked, runbook, wish: wish.wish, service, person, ask }, deps);
}

/** Judged at the click: nobody fills in a form about a service that would be refused whatever they say. */
async function formFor(runbook: StoredRunbook, ask: Ask, deps: RunCommandDeps): Promise<Form> {
  const inventory = deps.inventory();
  const asked = inventory.services.filter(({ name }) => isShown(ask, name, inventory) && mayAsk(ask, name, inventory));
  const once = { ...deps, runs: { ...deps.runs, ...readOnce(deps.runs) } };
  const judged = await Promise.all(asked.map(async (service) => ({ service, why: await refusalOf(service, once) })));
  const services = judged.flatMap(({ service, why }) => (why === undefined ? [service] : []));
  const refused = judged.flatMap(({ why }) => why ?? []);
  const [first, ...others] = refused;
  if (first === undefined || services.length > 0)
    return formOf(runbook, { ...inventory, services }, { channel: ask.channel, refused });
  if (others.length === 0) throw first;
  throw new UserError("services-claimed", refused.map(({ message }) => message).join("\n"));
}

/** One look at the open runs, however many services are judged. */
function readOnce(runs: RunCommandDeps["runs"]): Pick<RunCommandDeps["runs"], "openIds" | "read"> {
  let open: ReturnType<typeof runs.openIds> | undefined;
  const reads = new Map<string, ReturnType<typeof runs.read>>();
  const read = (id: string) => {
    const reading = reads.get(id) ?? runs.read(id);
    reads.set(id, reading);
    return reading;
  };
  const openIds = () => {
    open ??= runs.openIds();
    return open;
  };
  return { openIds, read };
}

async function refusalOf(service: Service, deps: RunCommandDeps): Promise<UserError | undefined> {
  try {
    await refuseWhileHeld(service, deps);
    // A dry run may be made meanwhile, and has no form.
    await refuseWhileCoolingDown(service, deps);
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
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

const INTRO = {
  "two keys":
    "Nothing is changed yet: TwoKey looks at the service and makes a plan that two other people must approve.",
  responder:
    "TwoKey looks at the service and starts at once: this only adds something, and changes nothing that is there.",
} as const satisfies Record<StoredRunbook["needs"], string>;

/** What a runbook is asked for with, where nothing was typed. */
export function formOf(
  runbook: StoredRunbook,
  { services, ...inventory }: Inventory,
  { channel, refused }: { readonly channel: string | undefined; readonly refused: readonly UserError[] },
): Form {
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
      ...(refused.length === 0 ? [] : [{ kind: "lines" as const, lines: refused.map(({ message }) => message) }]),
    ],
    fields: [
      { id: "service", label: "Service", kind: "choice", choices: services.map(({ name }) => [name, name] as const) },
      ...runbook.fields({ services, ...inventory }),
      { id: "reason", label: "Reason", kind: "paragraph", hint: "The approvers read this." },
    ],
  };
}
