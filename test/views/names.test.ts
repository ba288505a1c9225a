import { expect, test } from "@jest/globals";
import { nameOf } from "../../src/views/names.ts";
import { example } from "../harness/example.ts";

test.each([
  ["a person by their name in the file", "ana", "Ana Keller"],
  ["a pipeline by the word and its name", "pipeline:release", "pipeline release"],
  ["somebody whom the file does not list by their id", "U09NOBODY", "U09NOBODY"],
])("people read %s", (_whom, id, name) => {
  expect(nameOf(example("inventory"), id)).toBe(name);
});
