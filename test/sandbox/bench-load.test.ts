import { createServer } from "node:http";
import { afterEach, expect, test } from "@jest/globals";
import { Collector } from "../../src/sandbox/bench/collector.ts";
import { isAccepted, sendOpenLoop } from "../../src/sandbox/bench/load.ts";

const closings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0)) await close();
});

async function serverThat(answer: (count: number) => Promise<number>): Promise<string> {
  let count = 0;
  const server = createServer((request, response) => {
    request.resume();
    count += 1;
    void answer(count).then((status) => response.writeHead(status).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closings.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no address");
  return `http://127.0.0.1:${address.port}`;
}

const webhooks = (count: number) => Array.from({ length: count }, () => ({ headers: {}, body: "{}" }));

test("a receiver that stalls once makes every webhook late that was due meanwhile", async () => {
  const stallMs = 400;
  let isOpen: Promise<unknown> | undefined;
  const url = await serverThat(async () => {
    isOpen ??= new Promise((resolve) => setTimeout(resolve, stallMs));
    await isOpen;
    return 200;
  });
  const answers = await sendOpenLoop(url, webhooks(60), 200);
  expect(answers).toHaveLength(60);
  expect(answers.every(isAccepted)).toBe(true);
  // Sixty are due within 300 ms, all of them during the stall: the first waits for all of it, the last for the rest.
  expect(answers[0]?.afterMs).toBeGreaterThanOrEqual(stallMs - 20);
  expect(answers[59]?.afterMs).toBeGreaterThanOrEqual(stallMs - 300 - 20);
});

test("refusals and broken connections are answers that are not accepted", async () => {
  const url = await serverThat(async (count) => (count === 1 ? 503 : 200));
  const answers = await sendOpenLoop(url, webhooks(3), 100);
  expect(answers.filter(isAccepted)).toHaveLength(2);
  const nobody = await sendOpenLoop("http://127.0.0.1:9", webhooks(2), 100);
  expect(nobody.map(({ status }) => status)).toEqual([0, 0]);
});

test("the collector keeps SNS's own headers and the body as it came", async () => {
  const collector = await Collector.open();
  closings.push(() => collector.close());
  const post = async (path: string, headers: Record<string, string>, body: string) =>
    fetch(`${collector.origin}${path}`, { method: "POST", headers, body });
  const world = {
    post: async (_path: string, body: unknown) => {
      await post("/webhooks/pagerduty", {}, "another vendor");
      await post("/webhooks/sns", { "x-amz-sns-message-id": "m-1", "x-other": "no" }, JSON.stringify(body));
      return undefined;
    },
  };
  const notification = { topicArn: "arn", subject: "s", message: "m" };
  const [webhook, ...others] = await collector.sign(world, [notification]);
  expect(others).toEqual([]);
  expect(webhook?.headers).toMatchObject({ "x-amz-sns-message-id": "m-1" });
  expect(webhook?.headers).not.toHaveProperty("x-other");
  expect(webhook?.body).toBe(JSON.stringify(notification));
});
