import { Agent, request } from "node:http";
import type { SignedWebhook } from "./collector.ts";

export interface Answered {
  /** From the moment at which it was planned to be sent, machine milliseconds. */
  readonly afterMs: number;
  /** 0: the connection failed. */
  readonly status: number;
}

const TICK_MS = 2;
/** Enough that no webhook waits for a socket. */
const MOST_SOCKETS = 512;

/**
 * Sends them at an even rate whatever the answers do, and measures each from its planned time: a receiver that stalls
 * makes every webhook late that was due meanwhile, as it would in earnest.
 */
export async function sendOpenLoop(
  url: string,
  webhooks: readonly SignedWebhook[],
  perSecond: number,
): Promise<readonly Answered[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: MOST_SOCKETS });
  const answered = await inOpenLoop(webhooks, perSecond, async (webhook, sinceMs) => ({
    status: await post(url, webhook, agent),
    afterMs: sinceMs(),
  }));
  agent.destroy();
  return answered;
}

/** Each one goes out when it is planned. `sinceMs`: how long ago that was. */
export async function inOpenLoop<One, Answer>(
  all: readonly One[],
  perSecond: number,
  send: (one: One, sinceMs: () => number) => Promise<Answer>,
): Promise<readonly Answer[]> {
  const beganMs = performance.now();
  const answers: Promise<Answer>[] = [];
  while (answers.length < all.length) {
    const dueCount = Math.floor(((performance.now() - beganMs) / 1_000) * perSecond) + 1;
    for (const one of all.slice(answers.length, dueCount)) {
      const plannedMs = beganMs + (answers.length * 1_000) / perSecond;
      answers.push(send(one, () => performance.now() - plannedMs));
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  return Promise.all(answers);
}

function post(url: string, { headers, body }: SignedWebhook, agent: Agent): Promise<number> {
  const content = Buffer.from(body, "utf8");
  return new Promise((resolve) => {
    const options = { method: "POST", agent, headers: { ...headers, "content-length": content.length } };
    request(url, options, (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode ?? 0));
      response.once("error", () => resolve(0));
    })
      .once("error", () => resolve(0))
      .end(content);
  });
}

export const isAccepted = ({ status }: Answered): boolean => status >= 200 && status < 300;
