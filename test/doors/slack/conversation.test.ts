import { expect, test } from "@jest/globals";
import type { Answer } from "../../../src/commands/intent.ts";
import { converse } from "../../../src/doors/slack/conversation.ts";
import { messageOf } from "../../../src/integrations/slack/blocks.ts";
import { modalOf } from "../../../src/integrations/slack/modal.ts";
import { eventually } from "../../harness/eventually.ts";
import { memoryLogger } from "../../harness/fakes/index.ts";
import { ACCOUNTS } from "../../simulators/slack/slack-world.ts";
import { later, whisper } from "./slack-door.ts";

const FORM: Answer = {
  kind: "form",
  form: {
    ...{ title: "Declare", intent: "declare", context: "", submit: "Declare", intro: [] },
    fields: [{ id: "what", label: "What happened", kind: "line" }],
  },
};

/** A command whose response URL gives no answer until it is let go. What Slack was told, in its order. */
function slowSlack(verb = "declare", firstTime = async () => true) {
  const told: string[] = [];
  const answer = later<Answer>();
  const slack = later<Response>();
  const { logger } = memoryLogger();
  const done = converse(
    {
      render: {
        message: (card) => messageOf(card, ACCOUNTS.memberOf),
        modal: (form, carried) => modalOf(form, ACCOUNTS.memberOf, carried),
      },
      chat: { post: async () => undefined, whisper: async () => undefined } as never,
      send: async (_url, init) => {
        told.push(String(JSON.parse(typeof init?.body === "string" ? init.body : "{}").text));
        return slack.promise;
      },
      ...{ logger, answer: () => answer.promise, firstTime },
      openView: async () => void told.push("a form"),
    },
    {
      ...{ key: "k", team: undefined, enterprise: undefined, ask: { verb } as never },
      place: { member: "U0ANA", channel: "C0OPS", responseUrl: "http://127.0.0.1:9/response", triggerId: "t" },
    },
    { done: async () => void told.push("acknowledged"), shown: async (card) => void told.push(card.text) },
  );
  return { told, answer, slack, done };
}

test.each([
  { what: "a form is opened", answer: FORM, seen: "a form" },
  { what: "an answer is sent", answer: whisper("It is done"), seen: "It is done" },
])(
  "guard slow Slack: $what as soon as it is there, also while Slack has not taken “Working on it …”",
  async ({ answer, seen }) => {
    const desk = slowSlack();
    await eventually("the words that it takes long", () => desk.told.find((each) => each.startsWith("Working on it")));

    desk.answer.fulfil(answer);
    await eventually(seen, () => desk.told.find((each) => each === seen));

    expect(desk.told).toEqual(["acknowledged", "Working on it …", seen]);
    desk.slack.fulfil(new Response("ok"));
    await desk.done;
  },
);

test.each([
  ["declare", "TwoKey cannot reach its memory. Nothing was done; please try again."],
  [
    "freeze",
    "TwoKey cannot reach its memory. Nothing was done; please try again. To stop TwoKey now, stop each of its processes.",
  ],
])(
  "while Redis is away the first answer to /dr %s says that nothing was done, and that of a freeze how TwoKey is stopped all the same",
  async (verb, says) => {
    const { told, done } = slowSlack(verb, () => Promise.reject(new Error("Stream isn't writeable")));
    await done;

    expect(told).toEqual([says]);
  },
);
