import { describe, expect, test } from "@jest/globals";
import { decoded } from "../../src/config/text.ts";

const FILE = "version: 2\norganisation: Café\nenvironment: test\n";

describe("the text of a file", () => {
  test.each([
    ["as UTF-8", Buffer.from(FILE)],
    ["as UTF-8 with a byte order mark", Buffer.from(`\ufeff${FILE}`)],
  ])("saved %s is what was written", (_how, bytes) => {
    expect(decoded(bytes)).toBe(FILE);
  });

  test.each([
    ["as Latin-1", Buffer.from(FILE, "latin1"), "line 2 is not saved as UTF-8, but perhaps as Latin-1"],
    ["as UTF-16", Buffer.from(FILE, "utf16le"), "perhaps as UTF-16"],
    ["as UTF-16 with its mark", Buffer.from(`\ufeff${FILE}`, "utf16le"), "perhaps as UTF-16"],
    ["cut off within a letter of its last line", Buffer.from("version: 2\nname: é").subarray(0, -1), "line 2"],
  ])("saved %s is refused, with where and what to do", (_how, bytes, says) => {
    expect(() => decoded(bytes)).toThrow(says);
    expect(() => decoded(bytes)).toThrow(/save (it|the file) as UTF-8/);
  });
});
