import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { cardText } from "../../src/views/card-text.ts";
import { cards } from "../cards/gallery.ts";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

/** What differs between two readers of one card: times, names of people, the digest. A number keeps its unit on the same line of a phone. */
const alike = (line: string) =>
  line
    .replaceAll("\u00a0", " ")
    .replaceAll(/\d\d?:\d\d(?::\d\d)?(?:Z| AM| PM)?(?: \((?:in )?\d+ minutes?(?: ago)?\))?/g, "<time>")
    .replace(/(?<=Can agree: ).*/, "<people>")
    .replace(/(?<=digest )\w+/, "<digest>");

test("README shows the plan card as it is: each line of it, and each button", () => {
  const card = cards()["plan-dark"];
  if (!card) throw new Error("the gallery has no such card");
  const { parts } = card;
  const buttons = parts.flatMap((part) => (part.kind === "buttons" ? part.buttons.map(({ label }) => label) : []));
  const written = cardText({ ...card, text: "", parts: parts.filter(({ kind }) => kind !== "buttons") })
    .split("\n")
    .filter((line) => line !== "" && !/^=+$/.test(line))
    .map(alike);

  const [, shown = ""] = /```\n(Move inventory to eu-central-1\?\n[^`]*)```/.exec(README) ?? [];

  const lines = shown.split("\n").filter((line) => line !== "");
  expect(lines.filter((line) => line.startsWith("[ ")).join("  ")).toBe(
    buttons.map((label) => `[ ${label} ]`).join("  "),
  );
  expect(lines.filter((line) => !line.startsWith("[ ")).map(alike)).toEqual(written);
});
