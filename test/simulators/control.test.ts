import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { z } from "zod";
import { Control } from "../../src/simulators/world/control.ts";

let control: Control;
let origin: string;
beforeEach(async () => {
  control = new Control();
  control.on("POST /clock/jump", (body) => z.strictObject({ worldMs: z.number().min(0) }).parse(body));
  origin = `http://127.0.0.1:${await control.listen()}`;
});
afterEach(() => control.close());

const post = async (path: string, body: string) => {
  const answer = await fetch(`${origin}${path}`, { method: "POST", body });
  return {
    status: answer.status,
    ...z
      .object({ error: z.string() })
      .loose()
      .parse(await answer.json()),
  };
};

test.each([
  [
    "a field is missing",
    "{}",
    /POST \/clock\/jump expects something else:\n.*expected number, received undefined\n.*worldMs/,
  ],
  ["a field is of another kind", '{"worldMs":"an hour"}', /expected number, received string\n.*worldMs/],
  ["a field is not known", '{"worldMs":1,"speed":2}', /Unrecognized key: "speed"/],
  ["the body is no JSON", "worldMs=1", /POST \/clock\/jump expects a body of JSON: /],
])("the world's remote control says what it expects where %s", async (_what, body, says) => {
  expect(await post("/clock/jump", body)).toMatchObject({ status: 400, error: expect.stringMatching(says) });
});

test("and names every control where there is none of that name", async () => {
  expect(await post("/clock/jmp", "{}")).toMatchObject({
    ...{ status: 404, error: "The world has no control POST /clock/jmp", known: ["POST /clock/jump"] },
  });
});

test("and ends no connection by itself, however long its client was busy", async () => {
  const { headers } = await fetch(`${origin}/clock/jump`, { method: "POST", body: '{"worldMs":1}' });

  // A server that would end it says after how many seconds.
  expect([headers.get("connection"), headers.get("keep-alive")]).toEqual(["keep-alive", null]);
});
