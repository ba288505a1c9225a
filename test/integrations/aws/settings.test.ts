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

test("without a proxy the SDK makes its own connections", () => {
  expect(clientSettings(undefined, PATIENCE, () => undefined).requestHandler.httpsAgent).not.toBeInstanceOf(Agent);
});
