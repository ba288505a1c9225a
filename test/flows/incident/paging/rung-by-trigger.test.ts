import { expect, test } from "@jest/globals";
import type { Page } from "../../../../src/domain/incident/page.ts";
import { bridge, opened, pass } from "../bridge.ts";

const isOfRung = ({ duty, via }: Page) => via === "pager" && duty.startsWith("rung:");

test("a person and a policy that the pager rings with the trigger are both shown as rung by it, and are not called beside it", async () => {
  const desk = bridge();
  desk.paging.ringsWithTrigger = ["PANA", "POPS"];
  const id = await opened(desk);
  await pass(desk, id, 1);

  const { pages } = await desk.incident(id);
  expect(pages.filter(isOfRung).map(({ target, state, why }) => [target.id, state, why])).toEqual([
    ["ana", "accepted", "rung by the pager's own policy when it was triggered"],
    ["POPS", "accepted", "rung by the pager's own policy when it was triggered"],
  ]);
  expect(desk.paging.responders).toEqual([]);
});

test("of a person and a policy the one that the trigger does not ring is called, and shown as called", async () => {
  for (const [rung, called] of [
    ["PANA", "POPS"],
    ["POPS", "ana"],
  ] as const) {
    const desk = bridge();
    desk.paging.ringsWithTrigger = [rung];
    const id = await opened(desk);
    await pass(desk, id, 1);

    const { pages } = await desk.incident(id);
    const withoutWord = pages.filter((page) => isOfRung(page) && page.why === undefined);
    expect(withoutWord.map(({ target, state }) => [target.id, state])).toEqual([[called, "accepted"]]);
    expect(desk.paging.responders).toHaveLength(1);
  }
});
