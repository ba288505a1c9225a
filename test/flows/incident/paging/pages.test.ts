import { describe, expect, test } from "@jest/globals";
import { UserError } from "../../../../src/domain/errors.ts";
import type { DutyProgress } from "../../../../src/domain/incident/duty.ts";
import { dutiesOf } from "../../../../src/flows/incident/index.ts";
import { resolveIncident, setSeverity, TWOKEY } from "../../../../src/flows/incident/life/changes.ts";
import { acknowledge } from "../../../../src/flows/incident/paging/acknowledge.ts";
import { askFor, escalateNow } from "../../../../src/flows/incident/paging/ask-for.ts";
import { mergeEvidence } from "../../../../src/flows/incident/paging/evidence.ts";
import { nextPage } from "../../../../src/flows/incident/paging/next-page.ts";
import { cardText } from "../../../../src/views/card-text.ts";
import { incidentCard } from "../../../../src/views/incident.ts";
import { MINUTE, START_MS } from "../../../harness/fakes/index.ts";
import { quoted } from "../../../harness/quoted.ts";
import { bridge, change, type Decide, opened, pass, until } from "../bridge.ts";
import { inventory, signal } from "../file.ts";

const ana: Decide = (incident, nowMs) => acknowledge(incident, { by: "ana", name: "Ana", door: "slack" }, nowMs);
const fields = { details: "fixed", impact: "none", followUps: "none", lessons: "none" };
const solved: Decide = (incident, nowMs) => resolveIncident(incident, { fields, by: "Ana" }, { actor: TWOKEY, nowMs });

describe("pages of an incident", () => {
  test("one trigger opens the incident at the pager, and everybody else of the level is asked for in one call", async () => {
    const desk = bridge();
    const id = await opened(desk);
    await desk.pages(id);
    expect(desk.paging.triggers.map(({ key }) => key)).toEqual([`dr:test:${id}:1`]);
    expect(desk.paging.responders.map(({ request }) => [request.users, request.policies])).toEqual([
      [["PANA"], ["POPS"]],
    ]);
  });

  test("guard pager read: how it stands at the pager is read every ten seconds until somebody answers, and then every minute", async () => {
    const desk = bridge();
    const id = await opened(desk);
    await pass(desk, id, 3);
    const unanswered = desk.paging.readAtMs.length;
    await change(desk, id, ana);
    await pass(desk, id, 6);

    expect(unanswered).toBeGreaterThanOrEqual(17);
    expect(desk.paging.readAtMs.length - unanswered).toBeGreaterThanOrEqual(5);
    expect(desk.paging.readAtMs.length - unanswered).toBeLessThanOrEqual(8);
  });

  test("whom the trigger rings is not rung again beside it, but is in the later rounds", async () => {
    const desk = bridge();
    desk.paging.ringsWithTrigger = ["POPS"];
    const id = await opened(desk);
    await pass(desk, id, 1);
    const ops = (await desk.incident(id)).pages.filter((page) => page.target.id === "POPS");
    expect(ops).toEqual([expect.objectContaining({ state: "accepted", why: expect.stringContaining("own policy") })]);
    expect(desk.incidents.events.filter(({ kind }) => kind === "page.accepted").map(({ says }) => says)).toEqual([
      "Page accepted: pager",
      "Page accepted: ana",
      "Page accepted: POPS (rung by the pager's own policy when it was triggered)",
      "Page accepted: ana",
    ]);
    await pass(desk, id, 4.5);
    expect(desk.paging.responders.map(({ request }) => [request.besidesTrigger, request.policies])).toEqual([
      [true, []],
      [false, ["POPS"]],
      [false, []],
    ]);
  });

  test("a level that nobody answered is followed by the next at its time, and those reached are paged again", async () => {
    const desk = bridge();
    const id = await opened(desk);
    await pass(desk, id, 11);
    const calls = desk.paging.responders.map(({ request, atMs }) => [
      (atMs - START_MS) / MINUTE,
      [...request.users].toSorted().join(","),
    ]);
    expect(calls).toEqual([
      [0, "PANA"],
      // The policy alone: Ana's phone has just rung for level 2.
      [5, ""],
      [5, "PANA,PBEN"],
      [10, "PCTO"],
      [10, "PANA,PBEN"],
    ]);
  });

  test("an answer stops everything that has not started, and the pager is told once", async () => {
    const desk = bridge();
    const id = await opened(desk);
    await pass(desk, id, 1);
    await change(desk, id, ana);
    await pass(desk, id, 60);
    expect(desk.paging.responders).toHaveLength(1);
    expect(desk.paging.acknowledged.map(({ key }) => key)).toEqual([`dr:test:${id}:1`]);
    const { pages } = await desk.incident(id);
    expect(pages.filter((page) => page.target.id === "ana").map(({ state }) => state)).toEqual(["acked", "acked"]);
    expect(pages.filter((page) => page.target.id === "POPS").map(({ state }) => state)).toEqual(["superseded"]);
  });

  test("an answer at the pager counts from a listed responder, and only from one", async () => {
    const desk = bridge();
    const id = await opened(desk);
    await desk.pages(id);
    const by = (pagerUserId: string) => [{ pagerUserId, name: pagerUserId, atMs: desk.clock.now() }];
    desk.paging.set(`dr:test:${id}:1`, { status: "acknowledged", acknowledgedBy: by("PEVE") });
    await pass(desk, id, 6);
    expect((await desk.incident(id)).acks).toEqual([]);
    expect(desk.paging.responders.length).toBeGreaterThan(1);
    // It is read many times in six minutes, and people are told once.
    const says = "PEVE acknowledged at PagerDuty but is no listed responder: paging goes on";
    expect(says).toMatch(quoted("… acknowledged at … but is no listed responder: paging goes on"));
    const uncounted = desk.incidents.events.filter(({ kind }) => kind === "ack.not-counted");
    expect(uncounted).toEqual([expect.objectContaining({ says, facts: { pagerUser: "PEVE" } })]);
    expect(desk.chat.messages.filter(({ text }) => text.includes(says))).toHaveLength(1);
    desk.paging.set(`dr:test:${id}:1`, { acknowledgedBy: [...by("PEVE"), ...by("PANA")] });
    await pass(desk, id, 1);
    expect((await desk.incident(id)).acks.map((ack) => [ack.by, ack.door])).toEqual([["ana", "pager"]]);
    expect(desk.paging.acknowledged).toEqual([]);
  });

  test("an answer at the pager counts beside one that another person has given here", async () => {
    const desk = bridge();
    const id = await opened(desk);
    await pass(desk, id, 1);
    await change(desk, id, ana);
    const atMs = desk.clock.now();
    desk.paging.set(`dr:test:${id}:1`, { acknowledgedBy: [{ pagerUserId: "PBEN", name: "Ben", atMs }] });
    await pass(desk, id, 3);

    const { acks } = await desk.incident(id);
    expect(acks.map((ack) => [ack.by, ack.door])).toEqual([
      ["ana", "slack"],
      ["ben", "pager"],
    ]);
  });

  test("guard both directions: what the pager shows as triggered again, without a word of why, is answered by nobody any more", async () => {
    const desk = bridge();
    const id = await opened(desk);
    await desk.pages(id);
    const key = `dr:test:${id}:1`;
    const acknowledgedBy = [{ pagerUserId: "PANA", name: "Ana", atMs: desk.clock.now() }];
    desk.paging.set(key, { status: "acknowledged", acknowledgedBy });
    await pass(desk, id, 20);
    expect((await desk.incident(id)).acks.map(({ by }) => by)).toEqual(["ana"]);
    const before = desk.paging.responders.length;
    // Somebody there has reassigned it: no withdrawal stands in its log, and the old acknowledgement still does.
    desk.paging.set(key, { status: "triggered" });
    await pass(desk, id, 7);

    const taken = await desk.incident(id);
    expect([taken.acks, taken.pager.status]).toEqual([[], "triggered"]);
    expect(desk.paging.responders.length).toBeGreaterThan(before + 1);
    const told = desk.chat.messages.filter(({ text }) => text.includes("counts that no longer: paging begins again"));
    expect(told).toHaveLength(1);
    expect(told[0]?.text).toMatch(quoted("… acknowledged, and … counts that no longer: paging begins again"));
    desk.paging.set(key, {
      status: "acknowledged",
      acknowledgedBy: [...acknowledgedBy, { pagerUserId: "PBEN", name: "Ben", atMs: desk.clock.now() }],
    });
    await pass(desk, id, 2);
    const answered = desk.paging.responders.length;
    await pass(desk, id, 30);
    expect((await desk.incident(id)).acks.map(({ by }) => by)).toEqual(["ben"]);
    expect(desk.paging.responders).toHaveLength(answered);
  });

  test("an answer to an earlier question takes nothing back, and neither does one after somebody has answered here", async () => {
    const desk = bridge();
    const id = await opened(desk);
    await desk.pages(id);
    const key = `dr:test:${id}:1`;
    const triggered = desk.paging.incidents.get(key);
    const askedAtMs = desk.clock.now();
    const acknowledgedBy = [{ pagerUserId: "PANA", name: "Ana", atMs: desk.clock.now() }];
    desk.paging.set(key, { status: "acknowledged", acknowledgedBy });
    await pass(desk, id, 2);
    const people = inventory().people;
    if (!triggered) throw new Error("it was triggered");
    const late = mergeEvidence(await desk.incident(id), triggered, { people, askedAtMs, nowMs: desk.clock.now() });
    expect([late.value.acks.length, late.value.pager.status]).toEqual([1, "acknowledged"]);

    desk.clock.move(1_000);
    await change(desk, id, (incident, nowMs) =>
      acknowledge(incident, { by: "cto", name: "Cleo", door: "slack" }, nowMs),
    );
    desk.paging.set(key, { status: "triggered" });
    await pass(desk, id, 3);
    expect((await desk.incident(id)).acks.map(({ by }) => by)).toContain("cto");
  });

  test("an answer that the pager takes back is none: everybody is paged again, until somebody answers again", async () => {
    const desk = bridge();
    const id = await opened(desk);
    await pass(desk, id, 1);
    await change(desk, id, ana);
    await pass(desk, id, 30);
    const before = desk.paging.responders.length;
    const key = `dr:test:${id}:1`;
    const old = { pagerUserId: "PANA", name: "Ana", atMs: desk.clock.now() - 30 * MINUTE };
    desk.paging.set(key, { status: "triggered", acknowledgedBy: [old], lapsedAtMs: desk.clock.now() });
    await pass(desk, id, 7);

    expect((await desk.incident(id)).acks).toEqual([]);
    expect(desk.incidents.events.filter(({ kind }) => kind === "ack.lapsed")).toHaveLength(1);
    expect(desk.paging.responders.length).toBeGreaterThan(before + 1);

    desk.paging.set(key, {
      status: "acknowledged",
      acknowledgedBy: [old, { ...old, atMs: desk.clock.now() }],
    });
    await pass(desk, id, 2);
    const answered = desk.paging.responders.length;
    await pass(desk, id, 30);
    expect((await desk.incident(id)).acks.map((ack) => [ack.by, ack.door])).toEqual([["ana", "pager"]]);
    expect(desk.paging.responders).toHaveLength(answered);
  });

  test("when nobody answers at all the commanders are asked for, once, and a sev1 is repeated until somebody answers", async () => {
    const desk = bridge();
    const id = await opened(desk);
    await pass(desk, id, 60);
    expect(desk.incidents.events.filter(({ kind }) => kind === "pages.exhausted")).toHaveLength(1);
    const asked = desk.paging.responders.map(({ request, atMs }) => ({
      commanders: request.users.join(",") === "PCTO",
      minute: (atMs - START_MS) / MINUTE,
    }));
    expect(asked.filter(({ commanders }) => commanders).map(({ minute }) => minute)).toEqual([10, 25]);
    const later = asked.filter(({ commanders, minute }) => !commanders && minute > 25);
    expect(later.length).toBeGreaterThan(3);

    await change(desk, id, ana);
    const before = desk.paging.responders.length;
    await pass(desk, id, 60);
    expect(desk.paging.responders).toHaveLength(before);
  });

  test("a lesser severity ends with its last round and the commanders", async () => {
    const lesser = (rules: readonly object[]) => rules.map((rule) => ({ ...rule, severity: "sev2" }));
    const desk = bridge(
      inventory(({ alerts, ...file }) => ({ ...file, alerts: { ...alerts, rules: lesser(alerts.rules) } })),
    );
    const id = await opened(desk);
    await pass(desk, id, 180);
    const minutes = desk.paging.responders.map(({ atMs }) => (atMs - START_MS) / MINUTE);
    expect(desk.incidents.events.filter(({ kind }) => kind === "pages.exhausted")).toHaveLength(1);
    expect(Math.max(...minutes)).toBe(45);
  });

  test("every level that came due during an absence is paged, and of the missed rounds only the latest", async () => {
    const desk = bridge();
    const id = await opened(desk);
    desk.clock.move(12 * MINUTE);
    await desk.pages(id);
    const users = desk.paging.responders.map(({ request }) => [...request.users].toSorted().join(","));
    expect(users.toSorted()).toEqual(["PANA", "PANA,PBEN", "PCTO"]);
    expect(desk.paging.responders.every(({ request }) => !request.pageKey.includes(".all:"))).toBe(true);
  });

  test("the pager is resolved when the incident is, and nothing is paged afterwards", async () => {
    const desk = bridge();
    const id = await opened(desk);
    await pass(desk, id, 1);
    await change(desk, id, solved);
    const before = desk.paging.responders.length;
    await pass(desk, id, 60);
    expect(desk.paging.responders).toHaveLength(before);
    expect(desk.paging.resolved.map(({ key }) => key)).toEqual([`dr:test:${id}:1`]);
    await change(desk, id, ana);
    expect((await desk.incident(id)).acks).toEqual([]);
  });

  test("a pager that still has the incident open a minute after is told again", async () => {
    const desk = bridge();
    const id = await opened(desk);
    await desk.pages(id);
    await change(desk, id, solved);
    await desk.pages(id);
    desk.paging.set(`dr:test:${id}:1`, { status: "triggered" });
    await pass(desk, id, 5);
    expect(desk.paging.incidents.get(`dr:test:${id}:1`)?.status).toBe("resolved");
    expect(desk.incidents.events.map((event) => event.says)).toContain(
      "The pager still has the incident open after it was resolved: closing it there again",
    );
  });

  test("a close of which no time is written down is not asked about", async () => {
    const desk = bridge();
    const id = await opened(desk);
    await desk.pages(id);
    await change(desk, id, solved);
    await desk.pages(id);
    const resolved = await desk.incident(id);
    const asked = (duties: typeof resolved.duties) =>
      dutiesOf({ ...resolved, duties }, desk.clock.now()).filter(({ kind }) => kind === "confirm");
    const untimed = ([key, { settledAtMs: _when, ...duty }]: [string, DutyProgress]) => [key, duty] as const;

    expect(asked(resolved.duties)).toHaveLength(1);
    expect(asked(Object.fromEntries(Object.entries(resolved.duties).map(untimed)))).toEqual([]);
  });

  test("closed at the pager but open here: what is paged next uses a key of its own", async () => {
    const desk = bridge();
    const id = await opened(desk);
    await desk.pages(id);
    desk.paging.set(`dr:test:${id}:1`, { status: "resolved" });
    await pass(desk, id, 6);
    expect(desk.paging.triggers.map(({ key }) => key)).toEqual([`dr:test:${id}:1`, `dr:test:${id}:2`]);
    const last = desk.paging.responders.at(-1)?.request;
    expect(last?.dedupKey).toBe(`dr:test:${id}:2`);
    expect(desk.chat.messages.map(({ text }) => text)).toContain(
      "The incident was closed at the pager but is open here: further pages open a new one there",
    );
  });

  test("a raised severity pages by its own matrix, in the same incident at the pager", async () => {
    const desk = bridge(
      inventory((file) => ({
        ...file,
        alerts: { ...file.alerts, rules: file.alerts.rules.map((rule) => ({ ...rule, severity: "sev2" })) },
      })),
    );
    const id = await opened(desk);
    await pass(desk, id, 2);
    await change(desk, id, (incident, nowMs) => setSeverity(incident, "sev1", { actor: TWOKEY, nowMs }));
    await pass(desk, id, 6);
    expect(new Set(desk.paging.triggers.map(({ key }) => key))).toEqual(new Set([`dr:test:${id}:1`]));
    const minutes = desk.paging.responders.map(({ request, atMs }) => [
      request.users.join(),
      (atMs - START_MS) / MINUTE,
    ]);
    expect(minutes).toContainEqual(["PANA", 2]);
    expect(minutes).toContainEqual(["PANA,PBEN", 7]);
  });

  test("a severity that is raised after an answer pages its levels once more, without those that are for no answer alone", async () => {
    const desk = bridge(
      inventory((file) => ({
        ...file,
        alerts: { ...file.alerts, rules: file.alerts.rules.map((rule) => ({ ...rule, severity: "sev2" })) },
      })),
    );
    const id = await opened(desk);
    await pass(desk, id, 2);
    await change(desk, id, ana);
    await change(desk, id, (incident, nowMs) => setSeverity(incident, "sev1", { actor: TWOKEY, nowMs }));
    await pass(desk, id, 20);
    const raised = desk.paging.responders.filter(({ atMs }) => atMs >= START_MS + 2 * MINUTE);
    expect(raised.map(({ request }) => request.users.join())).toEqual(["PANA"]);
  });

  test("escalating now pages the next level at once, and not again at its time", async () => {
    const desk = bridge();
    const id = await opened(desk);
    await pass(desk, id, 1);
    await change(desk, id, (incident, nowMs) => escalateNow(incident, { name: "Ana", door: "slack" }, nowMs));
    await pass(desk, id, 3.5);
    const users = desk.paging.responders.map(({ request }) => request.users.join());
    expect(users).toEqual(["PANA", "PANA,PBEN"]);
    await pass(desk, id, 1);
    expect(desk.paging.responders.filter(({ request }) => request.users.join() === "PANA,PBEN")).toHaveLength(1);
  });

  test("with PagerDuty as the driver it is told once, and only watched", async () => {
    const desk = bridge(inventory((file) => ({ ...file, escalation: { ...file.escalation, driver: "pagerduty" } })));
    const id = await opened(desk);
    await pass(desk, id, 40);
    expect(desk.paging.triggers).toHaveLength(1);
    expect(desk.paging.responders).toHaveLength(0);
  });

  test("with PagerDuty as the driver whom a level writes to is written to once, and in no round again: its own policy repeats", async () => {
    const desk = bridge(inventory((file) => ({ ...file, escalation: { ...file.escalation, driver: "pagerduty" } })));
    const id = await opened(desk);
    await pass(desk, id, 40);

    const written = (await desk.incident(id)).pages.filter(({ via }) => via === "slack");
    expect(written.map(({ target, round }) => [target.id, round])).toEqual([["ana", 0]]);
    expect(desk.chat.messages.filter(({ channel }) => channel === "ana")).toHaveLength(1);
  });

  test("guard asked by name: with PagerDuty as the driver, whom somebody asks for is called all the same, once", async () => {
    const desk = bridge(inventory((file) => ({ ...file, escalation: { ...file.escalation, driver: "pagerduty" } })));
    const id = await opened(desk);
    await pass(desk, id, 1);
    const targets = [{ kind: "person" as const, id: "ben", channels: ["phone" as const] }];
    const actor = { name: "Ana", door: "slack" as const };
    await change(desk, id, (incident, nowMs) => askFor(incident, { targets, why: "Ana asked" }, { actor, nowMs }));
    await pass(desk, id, 40);

    expect(desk.paging.triggers).toHaveLength(1);
    expect(desk.paging.responders.map(({ request }) => request.users)).toEqual([["PBEN"]]);
  });

  test("a refused trigger is written to the people directly, told in the channel and tried again", async () => {
    const desk = bridge();
    desk.paging.refuseTriggers = true;
    const id = await opened(desk);
    await pass(desk, id, 1);
    expect(desk.chat.messages.some(({ channel, key }) => channel === "ana" && key.includes("fallback"))).toBe(true);
    expect(
      desk.chat.messages.some(({ channel, text }) => channel === `C${id}` && text.includes("accepted nothing")),
    ).toBe(true);
    desk.paging.refuseTriggers = false;
    await pass(desk, id, 2);
    expect(desk.paging.responders.map(({ request }) => request.users)).toEqual([["PANA"]]);
  });

  test("nobody is called paged, on the card, whose incident the pager has not taken", async () => {
    const desk = bridge();
    desk.paging.refuseTriggers = true;
    const id = await opened(desk);
    await pass(desk, id, 1);

    const incident = await desk.incident(id);
    const next = nextPage(incident, desk.clock.now());
    const card = cardText(incidentCard(incident, { nameOf: (each) => each, next }));

    expect(card).toContain(
      "Not paged yet: level 1 (ana, ops). PagerDuty has not taken it, and is asked again. Call people.",
    );
    expect(card).not.toMatch(/Paging now|Paged by/);
  });

  test("whoever Slack does not take a message for keeps it from nobody else, and the channel is told whom to call", async () => {
    const both = { kind: "people" as const, people: ["ana", "ben"] };
    const desk = bridge(inventory((file) => ({ ...file, audiences: { ...file.audiences, first: both } })));
    const post = desk.chat.post.bind(desk.chat);
    desk.chat.post = (to, card, key) =>
      "person" in to && to.person === "ana"
        ? Promise.reject(new UserError("chat-refused", "Slack refuses chat.postMessage: user_disabled"))
        : post(to, card, key);
    desk.paging.refuseTriggers = true;
    const id = await opened(desk);
    await pass(desk, id, 1);

    expect(desk.chat.messages.filter(({ channel, key }) => channel === "ben" && key.includes("fallback"))).toHaveLength(
      1,
    );
    expect(desk.chat.messages.map(({ text }) => text)).toContainEqual(
      expect.stringMatching(
        /accepted nothing.*Written to directly: Ben\. Please call people.*Slack did not take it for Ana\./,
      ),
    );
  });

  test("a message that Slack refuses is not called taken, and is written when somebody has mended it", async () => {
    const desk = bridge();
    const post = desk.chat.post.bind(desk.chat);
    let isRefused = true;
    desk.chat.post = (to, card, key) =>
      isRefused && "person" in to
        ? Promise.reject(new UserError("chat-refused", "Slack refuses chat.postMessage: token_revoked"))
        : post(to, card, key);
    const id = await opened(desk);
    await pass(desk, id, 1);
    const ofAna = async () =>
      (await desk.incident(id)).pages.filter(({ via, target }) => via === "slack" && target.id === "ana");
    expect((await ofAna()).map(({ state }) => state)).not.toContain("accepted");

    isRefused = false;
    await pass(desk, id, 6);

    expect((await ofAna()).map(({ state }) => state)).toContain("accepted");
    expect(desk.chat.messages.filter(({ channel }) => channel === "ana").length).toBeGreaterThan(0);
  });

  test("a pager that is away is asked a few times a minute, and no end to it", async () => {
    const desk = bridge();
    let asked = 0;
    const trigger = desk.paging.trigger.bind(desk.paging);
    desk.paging.trigger = (request) => {
      asked += 1;
      return trigger(request);
    };
    desk.paging.weather = () => "busy";
    const id = await opened(desk);
    await pass(desk, id, 1);
    expect(asked).toBeGreaterThanOrEqual(4);
    expect(asked).toBeLessThanOrEqual(7);
    await pass(desk, id, 10);
    expect(asked).toBeGreaterThanOrEqual(24);
    expect(asked).toBeLessThanOrEqual(40);

    desk.paging.weather = () => "fine";
    await pass(desk, id, 1);
    expect(desk.paging.triggers).toHaveLength(1);
  });

  test("one person is not paged more often than the matrix allows, but an incident's first page always goes", async () => {
    const desk = bridge(
      inventory((file) => ({ ...file, escalation: { ...file.escalation, throttle: { pages: 1, per: "1h" } } })),
    );
    const first = await opened(desk);
    await pass(desk, first, 6);
    expect(desk.paging.responders.filter(({ request }) => request.users.includes("PANA"))).toHaveLength(1);
    const pages = (await desk.incident(first)).pages.filter((page) => page.target.id === "ana" && page.via === "pager");
    expect(pages.map(({ state }) => state)).toEqual(["accepted", "throttled"]);
    const changedAtMs = desk.clock.now();
    const { incident: second } = await desk.intake.take(signal("b-lag", { changedAtMs }));
    await desk.pages(second ?? "");
    expect(desk.paging.responders.filter(({ request }) => request.users.includes("PANA"))).toHaveLength(2);
  });

  test("with Slack dark the pages go out all the same", async () => {
    const desk = bridge();
    const id = await opened(desk);
    desk.chat.weather = () => "busy";
    await pass(desk, id, 5.5);
    expect(desk.paging.responders.map(({ request }) => request.users.join())).toContain("PANA,PBEN");
    expect(desk.chat.messages).toEqual([]);
    desk.chat.weather = () => "fine";
    await pass(desk, id, 2);
    expect(desk.chat.messages.filter(({ key }) => key === `${id}:initial`)).toHaveLength(1);
  });

  test("an answer between the intent and the call stops the call", async () => {
    const desk = bridge();
    const id = await opened(desk);
    desk.between.run = () => change(desk, id, ana);
    await desk.pages(id);
    expect([desk.paging.triggers.length, desk.paging.responders.length]).toEqual([1, 0]);
    const states = (await desk.incident(id)).pages.filter((page) => page.via === "pager").map(({ state }) => state);
    expect(states).not.toContain("intent");
  });

  test("a trigger that arrives after the resolve is closed again at once", async () => {
    const desk = bridge();
    const id = await opened(desk);
    let isUnderWay: boolean = false;
    let release: () => void = () => undefined;
    desk.paging.onTheWay = () => {
      isUnderWay = true;
      return new Promise((resolve) => {
        release = resolve;
      });
    };
    const slow = desk.pages(id, "slow");
    await until(() => isUnderWay);
    const arrives = release;
    desk.paging.onTheWay = () => Promise.resolve();
    desk.clock.move(1_000);
    await change(desk, id, solved);
    await desk.pages(id, "two");
    desk.clock.move(1_000);
    arrives();
    await slow;
    expect(desk.paging.incidents.get(`dr:test:${id}:1`)?.status).toBe("resolved");
    expect(desk.paging.responders).toEqual([]);
  });
});
