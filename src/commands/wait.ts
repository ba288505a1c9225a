import { sayTime } from "../domain/duration.ts";
import { chainOf, messageOf, UserError } from "../domain/errors.ts";
import type { Incident } from "../domain/incident/incident.ts";
import { readUntil, type Wait } from "../domain/plan-run/wait.ts";
import { approversOf } from "../domain/service/access.ts";
import { eventOf } from "../engine/delivery/waits.ts";
import type { Who } from "../ports/asker.ts";
import type { Documents } from "../ports/documents.ts";
import type { Logger } from "../ports/logger.ts";
import { nameOf } from "../views/names.ts";
import { WAIT_WORDS } from "../views/store-answers.ts";
import { waitAnswer, waitForm } from "../views/wait.ts";
import { refuseUnlessMayAsk } from "./access.ts";
import type { Answer, Ask } from "./intent.ts";
import { listed, type RunCommandDeps } from "./run-deps.ts";
import { toldOf } from "./told.ts";
import { contextOf, type Meant, meant, refuseUnlessOpen } from "./wait-meant.ts";
import { fromFields, fromWords, wrongWith } from "./wait-words.ts";

export interface WaitCommandDeps extends Pick<RunCommandDeps, "runs" | "ledger" | "clock" | "inventory" | "channelOf"> {
  readonly incidents: Pick<Documents<Incident>, "get" | "openIds">;
  readonly waits: Pick<Documents<Wait>, "change">;
  /** Tells people of it at once; the sweep does what is left. */
  tendWait(service: string): Promise<void>;
  readonly logger: Pick<Logger, "warn">;
}

/** `/dr wait [service] <03:40 | 20m> because <reason>`, or a form without arguments; the button of a plan card opens the form too. */
export async function wait(ask: Ask, deps: WaitCommandDeps): Promise<Answer> {
  const who = listed(ask);
  const said = ask.fields ? fromFields(ask) : fromWords(ask, deps.clock.now());
  const about = await toldOf(WAIT_WORDS, () => meant(said.about, ask, deps));
  // Their plan cards have the button.
  if (!approversOf(deps.inventory(), about.service).some(({ id }) => id === who.person))
    refuseUnlessMayAsk(ask, about.service, deps.inventory());
  await toldOf(WAIT_WORDS, () => refuseUnlessOpen(about, deps));
  if (said.until === undefined && said.reason === "")
    return { kind: "form", form: waitForm(about.service, contextOf(about)) };
  const nowMs = deps.clock.now();
  const wrong = wrongWith(said, nowMs);
  if (Object.keys(wrong).length > 0) {
    if (ask.fields) return { kind: "field-errors", errors: wrong };
    throw new UserError(
      "wait-unclear",
      `${Object.values(wrong).join(" ")} /dr help wait shows how. Nothing was changed.`,
    );
  }
  const untilMs = readUntil(said.until ?? "", nowMs) ?? nowMs;
  const decided = await toldOf(WAIT_WORDS, () =>
    decide({ about, who, untilMs, reason: said.reason, nowMs }, ask, deps),
  );
  const unwritten = await note(decided, who, deps);
  // It is decided: somebody who is asked to try again would decide once more, and the room would be told twice.
  await deps
    .tendWait(about.service)
    .catch((error: unknown) =>
      deps.logger.warn(
        { service: about.service, why: chainOf(error) },
        "The sweep tells the room of a decision to wait later",
      ),
    );
  return { kind: "whisper", card: waitAnswer({ wait: decided, run: about.run }, nowMs, unwritten) };
}

interface Deciding {
  readonly about: Meant;
  readonly who: Who;
  readonly untilMs: number;
  readonly reason: string;
  readonly nowMs: number;
}

async function decide(
  { about: { service, run, incident }, who, untilMs, reason, nowMs }: Deciding,
  ask: Ask,
  deps: WaitCommandDeps,
): Promise<Wait> {
  const ofPlan = run && (await deps.channelOf(run.plan.id));
  const channel = incident?.channel?.id ?? ofPlan ?? ask.channel ?? deps.inventory().file.alerts.channel;
  const { person: by, proof } = who;
  const incidentId = incident?.id ?? run?.plan.incident;
  const made = {
    ...{ service, atMs: nowMs, untilMs, by, door: proof.door, reason, channel },
    ...(run ? { plan: run.plan.id } : {}),
    ...(incidentId === undefined ? {} : { incident: incidentId }),
    ...{ state: "standing" as const, isTold: false },
  };
  const says = `${nameOf(deps.inventory(), by)} decided to wait with ${service} until ${sayTime(untilMs, nowMs)}: ${reason}`;
  let decided: Wait = { ...made, number: 1 };
  await deps.waits.change(service, (current) => {
    // What is said of each goes by when it was decided: no two are of one moment.
    const atMs = Math.max(nowMs, (current?.atMs ?? 0) + 1);
    decided = { ...made, atMs, number: (current?.number ?? 0) + 1 };
    const event = eventOf(decided, { kind: "wait.decided", atMs: nowMs, by, door: proof.door, says });
    return { value: decided, events: [event] };
  });
  return decided;
}

/** Undefined: the ledger has it. */
async function note(
  { service, plan, incident, atMs, untilMs, reason }: Wait,
  { person: by, proof }: Who,
  { ledger }: WaitCommandDeps,
): Promise<string | undefined> {
  const says = `until ${sayTime(untilMs, atMs)}: ${reason}`;
  const { door, strength } = proof;
  const line = { atMs, run: plan ?? incident ?? service, service, epoch: 0, kind: "wait", by, door, strength, says };
  return ledger.append(line).then(() => undefined, messageOf);
}
