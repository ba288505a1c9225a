import { expect, test } from "@jest/globals";
import { takenThere } from "../../../src/domain/plan-run/taken-there.ts";
import { runStates } from "../../cards/run-states.ts";

test("what an old side takes is missing on the new one once that was promoted, in this run or before it, and may be until then", () => {
  const { paused, stopped } = runStates();
  if (!paused || !stopped) throw new Error("these runs are there");

  expect(takenThere(paused)).toBe("What it takes now may not be in eu-central-1");
  expect(takenThere(stopped)).toBe("What it takes now is not in eu-central-1");
  const rest = { ...paused, plan: { ...paused.plan, pastNoReturn: true as const } };
  expect(takenThere(rest)).toBe("What it takes now is not in eu-central-1");
});
