import type { AgentOptions } from "node:http";
import { Agent } from "node:https";
import { expect, test } from "@jest/globals";
import { clientSettings, PATIENCE } from "../../../src/integrations/aws/settings.ts";

test("each client has connections of its own, so that one that is closed cuts off no other", () => {
  const settings = clientSettings(undefined, PATIENCE, (options) => new Agent(options));
  const [one, other] = [{ ...settings }, { ...settings }].map(({ requestHandler }) => requestHandler.httpsAgent);
  expect(one).toBeInstanceOf(Agent);
  expect(one).not.toBe(other);
  expect(one).toMatchObject({ keepAlive: true });
});

test("an idle connection is kept for less than the shortest time in which AWS lets go of one, where nobody says otherwise", () => {
  let kept: AgentOptions | undefined;
  const through = (options: AgentOptions) => {
    kept = options;
    return undefined;
  };
  const { httpAgent, httpsAgent } = clientSettings(undefined, { connectMs: 1, answerMs: 1 }, through).requestHandler;
  for (const agent of [httpAgent, httpsAgent, kept]) {
    expect(agent).toMatchObject({ keepAlive: true, timeout: expect.any(Number) });
    const { timeout = 0 } = agent as AgentOptions;
    expect(timeout).toBeGreaterThan(1_000);
    expect(timeout).toBeLessThan(5_000);
  }
});

test("without a proxy the SDK makes its own connections", () => {
  expect(clientSettings(undefined, PATIENCE, () => undefined).requestHandler.httpsAgent).not.toBeInstanceOf(Agent);
});
