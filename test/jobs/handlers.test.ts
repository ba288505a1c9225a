import { beforeEach, describe, expect, test } from "@jest/globals";
import { createHandlers } from "../../src/jobs/handlers.ts";
import { type Bridge, bridge, opened } from "../flows/incident/bridge.ts";

let desk: Bridge;
let id: string;
/** Incidents whose pages and room are to be looked at, in the order in which that was asked for. */
let woken: string[];
beforeEach(async () => {
  desk = bridge();
  id = await opened(desk);
  await desk.pages(id);
  woken = [];
});

/** What a webhook of the pager leads to. */
function reads(incident: string) {
  const wakes = (queue: string) => async (about: string) => void woken.push(`${queue} ${about}`);
  const { wakeUps } = createHandlers({
    ...{ stores: desk, clock: desk.clock, logger: desk.silent, worker: "one", inventory: desk.inventory },
    ...{ outside: { pagers: desk.pagers, chat: desk.chat }, incidentDeps: desk, times: {}, ledger: {} },
    queues: { wake: { ...desk.wake, incidentPages: wakes("pages"), incidentChat: wakes("chat") } },
  } as never);
  return wakeUps.evidence(incident, new AbortController().signal);
}

const answersAtPager = () =>
  desk.paging.set(`dr:test:${id}:1`, {
    status: "acknowledged",
    acknowledgedBy: [{ pagerUserId: "PANA", name: "Ana", atMs: desk.clock.now() }],
  });

describe("the pager's own truth about an incident", () => {
  test("is read and merged, and pages and room are looked at again", async () => {
    answersAtPager();
    await reads(id);

    expect((await desk.incident(id)).acks.map(({ by, door }) => [by, door])).toEqual([["ana", "pager"]]);
    expect(woken).toEqual([`pages ${id}`, `chat ${id}`]);
  });

  test("is not asked for where nobody knows the incident", async () => {
    const before = desk.paging.readAtMs.length;
    await reads("somebody-elses");

    expect([desk.paging.readAtMs.length - before, woken]).toEqual([0, []]);
  });

  test("changes nothing where the pager gives no answer", async () => {
    answersAtPager();
    desk.paging.weather = () => "request-lost";
    await reads(id);

    expect([(await desk.incident(id)).acks, woken]).toEqual([[], []]);
  });
});
