import { expect, test } from "@jest/globals";
import { actingRoles } from "../../src/flows/resources/permits.ts";
import { byHandCard } from "../../src/views/by-hand.ts";
import { cardText } from "../../src/views/card-text.ts";
import { planOf } from "../harness/by-hand-plans.ts";
import { example } from "../harness/example.ts";
import { PLAYS } from "../harness/plays.ts";

test.each(["inventory", "every-kind"] as const)(
  "the first message names each role by which runs of a service of %s act, so that people can stop a TwoKey that they cannot reach",
  async (name) => {
    const [play] = PLAYS.filter((each) => each.example === name);
    if (!play) throw new Error(`nothing is played of ${name}`);
    const inventory = example(name);
    const roles = actingRoles(inventory, play.service);
    const { role } = inventory.file.aws;

    expect(roles).toContain(role);
    const text = cardText(byHandCard(await planOf(play), 1, roles));
    expect(text).toContain(`an inline policy that denies everything on ${roles.join(" and on ")}.`);
    const { role: _none, ...aws } = inventory.file.aws;
    expect(actingRoles({ ...inventory, file: { ...inventory.file, aws } }, play.service)).toEqual([]);
    expect(cardText(byHandCard(await planOf(play)))).toContain("take the permissions from the AWS credentials");
  },
);
