import { expect, test } from "@jest/globals";
import { isShown, mayAsk, refuseUnlessMayAsk, refuseUnlessShown, shownTo } from "../../src/commands/access.ts";
import { incidentMeant } from "../../src/commands/incident-deps.ts";
import type { Ask } from "../../src/commands/intent.ts";
import { plan } from "../../src/commands/plan.ts";
import { type RunCommandDeps, runMeant, serviceNamed } from "../../src/commands/run-deps.ts";
import { type StatusDeps, status } from "../../src/commands/status.ts";
import { type Incident, incidentLabels, isOpen } from "../../src/domain/incident/incident.ts";
import type { Standing } from "../../src/domain/proof.ts";
import type { Access } from "../../src/domain/service/service.ts";
import { openIncident } from "../../src/flows/incident/intake/open.ts";
import { runbookOf } from "../../src/flows/runbooks/index.ts";
import { cardText } from "../../src/views/card-text.ts";
import { example } from "../harness/example.ts";
import { guest, memoryDocuments, who } from "../harness/fakes/index.ts";
import { AT } from "../harness/observed.ts";
import { proposed } from "../harness/plans.ts";

const plain = example("every-kind");
const [first, second] = plain.services;
if (!first || !second) throw new Error("the example has two services");

/** The same file with teams for its first service. */
const fileWith = (access: Access) => ({
  ...plain,
  services: plain.services.map((each) => (each === first ? { ...each, access } : each)),
});

const by = (person: string): Ask => ({ verb: "status", args: [], text: "", who: who(person) });
const byGuest: Ask = { verb: "status", args: [], text: "", who: guest("zed") };

test("a service without teams is shown to everybody, and everybody who is listed may ask for its plans", () => {
  expect([by("farid"), by("ana"), byGuest].map((ask) => isShown(ask, first.name, plain))).toEqual([true, true, true]);
  expect(mayAsk(by("farid"), first.name, plain)).toBe(true);
});

test("guard team sees: a service that names who sees it is shown to them, to who asks for it and approves it, and to nobody else", () => {
  const file = fileWith({ see: ["executive_team"], ask: ["farid"], approve: ["dr_team"] });
  const shown = (ask: Ask) => isShown(ask, first.name, file);

  expect(["elena", "farid", "ana", "ben"].map((person) => shown(by(person)))).toEqual([true, true, true, true]);
  expect([shown(by("chloe")), shown(byGuest)]).toEqual([false, false]);
  expect(isShown(by("chloe"), second.name, file)).toBe(true);
  // Without a list of its own for keys, all approvers are asked for theirs.
  const keyed = fileWith({ see: ["farid"] });
  expect(["ana", "elena", "chloe"].map((person) => isShown(by(person), first.name, keyed))).toEqual([
    true,
    true,
    false,
  ]);
  expect(() => refuseUnlessShown(by("chloe"), [second.name, first.name], file)).toThrow(
    `services.${first.name}.access.see`,
  );
});

test("guard team asks: who is not named asks for no plan, and is told before anything is looked at", async () => {
  const file = fileWith({ ask: ["dr_team"] });
  const runbook = runbookOf({ runbook: "failover", id: "" });
  const ask = { ...by("farid"), verb: "failover", args: [first.name], text: first.name };
  // Whatever it reads besides the file would throw.
  const deps = { inventory: () => file } as unknown as RunCommandDeps;

  await expect(plan(runbook, ask, deps)).rejects.toMatchObject({ code: "may-not-ask" });
  expect(() => refuseUnlessMayAsk(by("ana"), first.name, file)).not.toThrow();
  const nothing = async () => undefined;
  const runs = { openIds: async () => [], holderOf: nothing, read: nothing, coolDownUntil: nothing };
  const free = { ...deps, runs, clock: { now: () => AT } } as unknown as RunCommandDeps;
  const form = await plan(runbook, { ...ask, args: [], text: "" }, free);
  const choices = form.kind === "form" ? form.form.fields.find(({ id }) => id === "service")?.choices : undefined;
  expect(choices?.map(([name]) => name)).toEqual(
    file.services.flatMap(({ name }) => (name === first.name ? [] : [name])),
  );
});

function boardDeps(file: typeof plain): StatusDeps {
  const nothing = async () => undefined;
  return {
    runs: {
      openIds: async () => [],
      holderOf: nothing,
      ofIncident: async () => [],
      read: nothing,
      coolDownUntil: nothing,
    },
    calls: { get: nothing },
    ...{ clock: { now: () => AT }, inventory: () => file, observed: nothing, incidentShown: nothing, onCall: nothing },
    ...{ freezes: { inForce: async () => [] }, waits: { get: nothing }, server: undefined, standings: undefined },
    times: { of: async () => [] },
  };
}

test("the board leaves out what is not for the asker, says how many, and a look at it alone is refused", async () => {
  const file = fileWith({ see: ["executive_team"] });
  const deps = boardDeps(file);
  const boardOf = async (ask: Ask) => {
    const answer = await status(ask, deps);
    return answer.kind === "whisper" ? cardText(answer.card) : answer.kind;
  };

  const chloes = await boardOf(by("chloe"));
  expect(chloes).not.toContain(first.name);
  expect(chloes).toContain(second.name);
  expect(chloes).toContain("One service is shown to other people only");
  expect(await boardOf(by("elena"))).toContain(first.name);
  await expect(status({ ...by("chloe"), args: [first.name] }, deps)).rejects.toMatchObject({ code: "not-shown" });
});

test("guard team degraded: the board, and one service in depth, show what is wrong with TwoKey only as far as the reader is shown its service", async () => {
  const file = fileWith({ see: ["executive_team"] });
  const wrongAbout = (what: string, about: Partial<Standing>): Standing => ({
    ...{ id: what, proves: what, neededBy: "no move", critical: undefined, isSilent: false },
    ...{ sinceMs: AT, answeredAtMs: AT, proven: { kind: "wrong", what: `${what}.`, instead: "Mend it." } },
    ...about,
  });
  const standings = () => [
    wrongAbout("The write check of its store", { service: first.name }),
    wrongAbout("The role of its account", { neededBy: [first.name] }),
    wrongAbout("The role of both", { neededBy: [first.name, second.name] }),
    wrongAbout("The disk", { neededBy: "every move" }),
  ];
  const deps: StatusDeps = { ...boardDeps(file), standings };
  const wrongFor = async (person: string, args: readonly string[] = []) => {
    const answer = await status({ ...by(person), args }, deps);
    return answer.kind === "whisper" ? cardText(answer.card).match(/The (?:write check|role|disk)[^.]*/g) : [];
  };

  const kept = ["The write check of its store", "The role of its account"];
  const forAll = ["The role of both", "The disk"];
  expect(await wrongFor("elena")).toEqual([...kept, ...forAll]);
  expect(await wrongFor("chloe")).toEqual(forAll);
  expect(await wrongFor("chloe", [second.name])).toEqual(forAll);
});

test("guard named lists: what is kept from somebody is in no list of what may be meant", async () => {
  const third = { ...second, name: "third" };
  const teams = fileWith({ see: ["executive_team"] });
  const file = { ...teams, services: [...teams.services, third] };
  const affected = [[first], [second], [third], [second, first]].map((services) => services.map(({ name }) => name));
  const opened = affected.map((services, index) => {
    const title = `${services.join(" and ")} are down`;
    const opening = { id: `inc${index}`, title, description: "", scope: "service" as const };
    return openIncident({ ...opening, services, severity: "sev1" }, file, AT).value;
  });
  const documents = memoryDocuments<Incident>(isOpen, incidentLabels);
  for (const value of opened) await documents.change(value.id, () => ({ value, events: [] }));
  const incidents = { incidents: documents, inventory: () => file };
  const open = proposed(example("inventory"));
  const runs = opened.map(({ services: [service = ""] }, index) => ({
    ...open,
    plan: { ...open.plan, id: `F-${index}`, service },
  }));
  const deps = {
    runs: {
      openIds: async () => runs.map(({ plan }) => plan.id),
      read: async (id: string) => runs.find(({ plan }) => plan.id === id),
    },
  } as unknown as RunCommandDeps;
  const said = async (work: Promise<unknown>) => work.then(String, (error: Error) => error.message);
  const heard = async (ask: Ask) => [
    await said(incidentMeant(ask, incidents)),
    await said(runMeant(undefined, { ...deps, shows: shownTo(ask, file) })),
    await said((async () => serviceNamed("nothing-like-it", file, shownTo(ask, file)))()),
  ];

  for (const says of await heard(by("elena"))) expect(says).toContain(first.name);
  for (const says of await heard(by("chloe"))) {
    expect(says).not.toContain(first.name);
    expect(says).toContain(second.name);
  }
});
