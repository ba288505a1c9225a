import { expect, test } from "@jest/globals";
import { askWith, Secret } from "../../src/domain/secret.ts";

/** A file that says these one after the other, each time somebody looks. */
function file(...contents: [string, ...string[]]): Secret {
  const values = [contents[0]];
  return new Secret({
    present: () => values[0] ?? "",
    accepted: () => values,
    toSend: () => values,
    heard: () => undefined,
    lookSparingly: () => undefined,
    lookAgain: () => {
      const next = contents[contents.indexOf(values[0] ?? "") + 1];
      if (next !== undefined) values.unshift(next);
    },
  });
}

const asking = (secret: Secret, right: readonly string[]) => {
  const asked: string[] = [];
  const answer = askWith(
    secret,
    async (value) => {
      asked.push(value);
      return right.includes(value) ? "taken" : `refused ${value}`;
    },
    (said) => (said === "taken" ? "taken" : "refused"),
  );
  return answer.then((said) => ({ said, asked }));
};

test("what the vendor takes is asked with once", async () => {
  expect(await asking(file("old", "new"), ["old", "new"])).toEqual({ said: "taken", asked: ["old"] });
});

test("a value that was changed at the vendor is read again, and the new one is used for the same question", async () => {
  expect(await asking(file("old", "new"), ["new"])).toEqual({ said: "taken", asked: ["old", "new"] });
});

test("a new value that the vendor does not take yet leaves the one before in use", async () => {
  const secret = file("old", "new");
  secret.lookAgain();
  expect(await asking(secret, ["old"])).toEqual({ said: "taken", asked: ["new", "old"] });
  expect(await asking(secret.alone(), ["old"])).toEqual({ said: "refused new", asked: ["new"] });
});

test("where all are refused, what was said of the present one is the answer", async () => {
  expect(await asking(new Secret("only"), [])).toEqual({ said: "refused only", asked: ["only"] });
});
