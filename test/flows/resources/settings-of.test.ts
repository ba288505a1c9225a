import { describe, expect, test } from "@jest/globals";
import { explainService, sayExplanation } from "../../../src/commands/explain.ts";
import { loadFile } from "../../../src/config/load.ts";
import type { Found } from "../../../src/domain/service/found.ts";
import { inventoryFrom } from "../../../src/domain/service/inventory.ts";
import type { Service } from "../../../src/domain/service/service.ts";
import { mergeFound, ownFacts } from "../../../src/flows/discover.ts";
import {
  agedSettings,
  leftToAws,
  openQuestions,
  settingsOf,
  sparedSettings,
} from "../../../src/flows/resources/settings-of.ts";
import { computesIn } from "../../../src/flows/resources/site.ts";
import { INVENTORY } from "../../config/broken-file.ts";
import { example } from "../../harness/example.ts";
import { leftOut } from "../../harness/left-out.ts";
import { AT } from "../../harness/observed.ts";
import { serviceIn } from "../../harness/plans.ts";
import { siteOf } from "../../harness/site.ts";

const DATABASE = "rds-replica/eu-west-1/mycomputer-inventory-db";
const WRITTEN = example("inventory");
const short = (found: Found = {}) => serviceIn(inventoryFrom(leftOut(WRITTEN.file), found));
const of = (key: string, name: string, fact: object): Found => ({ [key]: { [name]: { ...fact, atMs: AT } } });

describe("a setting that the file leaves to AWS", () => {
  test("is taken from what was discovered, and its age is told", () => {
    const service = short(of(DATABASE, "endpoint", { value: "found.c1.eu-west-1.rds.amazonaws.com" }));
    const endpoint = settingsOf(service).find(({ path }) => path === "stores.stock.in.eu-west-1.endpoint");
    expect(endpoint).toMatchObject({ from: "discovered", value: "found.c1.eu-west-1.rds.amazonaws.com" });
    expect(sayExplanation(explainService(service, AT + 90_000))).toContain(
      "in.eu-west-1.endpoint: found.c1.eu-west-1.rds.amazonaws.com (discovered 1 min 30 s ago)",
    );
  });

  test("that nobody knows is asked for by name, with the place to write it", () => {
    const questions = openQuestions(short(), AT);
    expect(questions).toContain(
      "endpoint of database mycomputer-inventory-db in eu-west-1 is not discovered yet. Wait for it, or write it as services.inventory.stores.stock.in.eu-west-1.endpoint.",
    );
    expect(questions).toHaveLength(leftToAws(short()).open.length);
    expect(() => siteOf(short(), "eu-west-1")).toThrow("neither in twokey.yaml nor discovered");
  });

  test("for which AWS has several values is a person's to decide", () => {
    const service = short(of(DATABASE, "security_group", { choices: ["sg-1", "sg-2"] }));
    expect(openQuestions(service, AT)).toContain(
      "AWS has sg-1 and sg-2 for security_group of database mycomputer-inventory-db in eu-west-1. Write the right one as services.inventory.stores.stock.in.eu-west-1.security_group.",
    );
  });
});

describe("the maximum of an ECS service's auto scaling", () => {
  const SERVICE = "ecs/eu-west-1/mycomputer-production/inventory-service";
  const PATH = "compute.api.in.eu-west-1.max_tasks";
  const max = (value: unknown) => of(SERVICE, "max_tasks", { value });
  const writing = (line: string, found: Found) => {
    const loaded = loadFile("twokey.yaml", INVENTORY.replace("max_tasks: 10", line));
    if (!loaded.ok) throw new Error(loaded.problems[0]?.what);
    return serviceIn(inventoryFrom(loaded.file, found));
  };
  const maximumOf = (service: Service) => computesIn(service, "eu-west-1")[0]?.compute.max_tasks;

  test("is discovered, pinned, and said by explain", () => {
    const service = writing("", max(12));
    expect(maximumOf(service)).toBe(12);
    expect(sayExplanation(explainService(service, AT))).toContain("in.eu-west-1.max_tasks: 12 (discovered 0 s ago)");
  });

  test("that nobody knows refuses no plan: the plan says so, and a scale-out keeps what AWS has", () => {
    expect(leftToAws(short()).spared).toContain(PATH);
    expect(openQuestions(short(), AT).filter((question) => question.includes("max_tasks"))).toEqual([]);
    expect(sparedSettings(short())).toContain(
      "max_tasks of ECS service inventory-service in eu-west-1: neither in twokey.yaml nor discovered yet",
    );
    expect(sparedSettings(short(max("none")))).toHaveLength(1);
  });

  test.each([
    ["10", 10, []],
    ["10", 12, ["10 in twokey.yaml, which counts; AWS said 12"]],
    ["10", "none", ["10 in twokey.yaml, which counts; AWS said none"]],
    ["none", "none", []],
    ["none", 12, ["none in twokey.yaml, which counts; AWS said 12"]],
  ])("written once for all regions as %s agrees with %s of AWS, or the plan says both", (text, aws, said) => {
    const service = writing(`max_tasks: ${text}`, max(aws));
    const ofScaling = "max_tasks of ECS service inventory-service in eu-west-1";
    expect(sparedSettings(service)).toEqual(said.map((each) => ({ says: `${ofScaling}: ${each}`, saidAtMs: AT })));
  });

  test("that AWS contradicts refuses no plan: scheduled actions and people on call change it, and explain shows both", () => {
    const service = writing("max_tasks: 10", max(30));
    expect(openQuestions(service, AT)).toEqual([]);
    expect(sayExplanation(explainService(service, AT + 60_000))).toContain(
      `services.inventory.${PATH} is 10 in twokey.yaml, but AWS says 30 (seen 1 min ago). A plan takes that of the file.`,
    );
  });

  test("written once for all regions is not overruled by what a region has", () => {
    expect(maximumOf(writing("max_tasks: 10", max(12)))).toBe(10);
  });
});

describe("what AWS has not said again for more than a day", () => {
  const DAY_MS = 86_400_000;
  const aged = (laterMs: number, file = leftOut(WRITTEN.file)) => {
    const both = mergeFound(
      of(DATABASE, "endpoint", { value: "db.example" }),
      of(DATABASE, "security_group", { value: "sg-1" }),
    );
    return agedSettings(serviceIn(inventoryFrom(file, both)), AT + laterMs);
  };

  test("is named with the moment of the last answer, in one line for each thing", () => {
    expect(aged(DAY_MS)).toEqual([]);
    expect(aged(3 * DAY_MS)).toEqual([
      {
        says: "endpoint, security_group of database mycomputer-inventory-db in eu-west-1: AWS has not said it again since",
        saidAtMs: AT,
      },
    ]);
  });

  test("is no news where the file says it", () => {
    expect(aged(3 * DAY_MS, WRITTEN.file)).toEqual([]);
  });
});

describe("a setting that is written", () => {
  test("counts, and one of several values of AWS agrees with it", () => {
    const service = serviceIn(
      inventoryFrom(WRITTEN.file, of(DATABASE, "security_group", { choices: ["sg-0aa11bb22cc33dd44", "sg-2"] })),
    );
    expect(openQuestions(service, AT)).toEqual([]);
    expect(siteOf(service, "eu-west-1").database.security_group).toBe("sg-0aa11bb22cc33dd44");
  });

  test("and that AWS contradicts refuses the plan with both values", () => {
    const found = of(DATABASE, "endpoint", { value: "other.c1.eu-west-1.rds.amazonaws.com" });
    const [question, ...others] = openQuestions(serviceIn(inventoryFrom(WRITTEN.file, found)), AT + 60_000);
    expect(others).toEqual([]);
    expect(question).toContain("is mycomputer-inventory-db.c1inventory.eu-west-1.rds.amazonaws.com in twokey.yaml");
    expect(question).toContain("but AWS says other.c1.eu-west-1.rds.amazonaws.com (seen 1 min ago)");
  });

  test("is explained with whether AWS agreed, and when it was asked last", () => {
    const explained = (found: Found) =>
      sayExplanation(explainService(serviceIn(inventoryFrom(WRITTEN.file, found)), AT + 60_000));
    const aws = (value: string) => of(DATABASE, "endpoint", { value });
    const written = "mycomputer-inventory-db.c1inventory.eu-west-1.rds.amazonaws.com";

    expect(explained({})).toContain(`in.eu-west-1.endpoint: ${written} (file; AWS not asked yet)`);
    expect(explained(aws(written))).toContain(`in.eu-west-1.endpoint: ${written} (file; AWS agreed 1 min ago)`);
    expect(explained(aws("db.example"))).toContain(`in.eu-west-1.endpoint: ${written} (file; AWS disagreed 1 min ago)`);
  });

  test("in capitals or with a dot at its end says the same name", () => {
    const found = of(DATABASE, "endpoint", {
      value: "MyComputer-Inventory-DB.c1inventory.eu-west-1.rds.amazonaws.com.",
    });
    expect(openQuestions(serviceIn(inventoryFrom(WRITTEN.file, found)), AT)).toEqual([]);
  });
});

describe("what is remembered", () => {
  const at = (value: string, atMs: number): Found => ({ thing: { endpoint: { value, atMs } } });

  test("is replaced by what was seen later, whichever comes first, and loses nothing that was not seen again", () => {
    expect(mergeFound(at("old", 1), at("new", 2))).toEqual(at("new", 2));
    expect(mergeFound(at("new", 2), at("old", 1))).toEqual(at("new", 2));
    expect(mergeFound(at("old", 1), {})).toEqual(at("old", 1));
  });

  test("leaves behind what the file does not name any more", () => {
    const found = {
      ...of(DATABASE, "endpoint", { value: "a" }),
      ...of("rds-replica/eu-west-1/gone", "endpoint", { value: "b" }),
    };
    expect(Object.keys(ownFacts(short(), found))).toEqual([DATABASE]);
  });
});
