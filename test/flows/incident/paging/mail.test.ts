import { describe, expect, test } from "@jest/globals";
import { createMail } from "../../../../src/integrations/pagers/mail/pager.ts";
import { incidentCard } from "../../../../src/views/incident.ts";
import { recordedMail } from "../../../harness/fakes/index.ts";
import { bridge, change, opened, pass } from "../bridge.ts";
import { inventory } from "../file.ts";

const MAIL = { server: "smtp.example.com:587", from: "twokey@example.com" };
const withMail = (channels: readonly string[], incidents: object = {}) =>
  inventory((file) => {
    const [first, ...rest] = file.escalation.severities.sev1.steps;
    const steps = [{ ...first, channels }, ...rest];
    const sev1 = { ...file.escalation.severities.sev1, steps };
    return {
      ...{ ...file, incidents, pagers: { ...file.pagers, mail: MAIL } },
      escalation: { ...file.escalation, severities: { ...file.escalation.severities, sev1 } },
    };
  });

/** The product's own mail but for the way to a server: it keeps what it was asked and answers as told. */
const recorded = () => recordedMail(createMail({ ...MAIL, tls: "none" }));

describe("a person who is reached by mail", () => {
  test("is told, is shown as told, and the ladder goes on: a mail answers nothing", async () => {
    const mail = recorded();
    const desk = bridge(withMail(["push", "email"]), [mail.pager]);
    const id = await opened(desk);
    await pass(desk, id, 11);
    const incident = await desk.incident(id);
    const told = incident.pages.filter(({ via }) => via === "mail");
    expect(told.map(({ target, state }) => [target.id, state])).toContainEqual(["ana", "told"]);
    expect(told.every(({ state }) => state === "told")).toBe(true);
    expect(incident.acks).toEqual([]);
    expect(desk.paging.responders.map(({ request }) => request.users.join())).toContain("PCTO");
    expect(mail.calls[0]).toMatchObject({ users: ["ana@example.com"], state: "Nobody has acknowledged yet" });
  });

  test("is led to the channel, to the pager's own page and to the bookmarks, as soon as there are any", async () => {
    const mail = recorded();
    const bookmarks = [{ label: "Runbooks", url: "https://wiki.example.com/runbooks" }];
    const desk = bridge(withMail(["push", "email"], { bookmarks }), [mail.pager]);
    const id = await opened(desk);
    await desk.pages(id);
    const marked = [{ text: "Runbooks", href: "https://wiki.example.com/runbooks" }];
    expect(mail.calls[0]?.links).toEqual(marked);

    const url = "https://pager.example.com/P1";
    await change(desk, id, (incident) => ({ value: { ...incident, pager: { ...incident.pager, url } }, events: [] }));
    await pass(desk, id, 11);
    const { channel } = await desk.incident(id);
    expect(channel).toBeDefined();
    expect(mail.calls.at(-1)?.links).toEqual([
      { text: `Slack channel ${channel?.name}`, href: `https://chat.example.com/${channel?.id}` },
      { text: "PagerDuty", href: url },
      ...marked,
    ]);
  });

  test("gets the same page again under the same key after a lost answer", async () => {
    const mail = recorded();
    mail.answer.now = { kind: "unknown", why: "no answer" };
    const desk = bridge(withMail(["push", "email"]), [mail.pager]);
    const id = await opened(desk);
    await desk.pages(id);
    mail.answer.now = { kind: "accepted", value: { covered: [] } };
    await pass(desk, id, 2);
    const first = mail.calls.filter(({ pageKey }) => pageKey === mail.calls[0]?.pageKey);
    expect(first.length).toBeGreaterThanOrEqual(2);
    expect(new Set(mail.calls.slice(0, 2).map(({ pageKey }) => pageKey)).size).toBe(1);
  });

  test("by mail alone is not called at the pager", async () => {
    const mail = recorded();
    const desk = bridge(withMail(["email"]), [mail.pager]);
    const id = await opened(desk);
    await desk.pages(id);
    expect(desk.paging.responders.map(({ request }) => request.users.join())).toEqual([""]);
    expect(mail.calls.map(({ users }) => users.join())).toEqual(["ana@example.com"]);
    const card = JSON.stringify(incidentCard(await desk.incident(id), { nameOf: (name) => name }));
    expect(card).toContain("told; it cannot be answered there");
  });
});

describe("a pager that accepts nothing", () => {
  test("has its people told by mail as well, after 30 s, whatever Slack does", async () => {
    const mail = recorded();
    const desk = bridge(withMail(["push", "slack"]), [mail.pager]);
    desk.chat.weather = () => "busy";
    desk.paging.refuseTriggers = true;
    const id = await opened(desk);
    await desk.pages(id);
    expect(mail.calls).toEqual([]);
    await pass(desk, id, 1);
    expect(mail.calls.map(({ users }) => users.join())).toContain("ana@example.com");
  });
});
