import { describe, expect, test } from "@jest/globals";
import { CHECK_USAGE, check, SCHEMA_USAGE, schema } from "../../src/config/check.ts";
import { loadFile } from "../../src/config/load.ts";
import type { Found } from "../../src/domain/service/found.ts";
import { databaseRecordOf, siteOf, trafficOf } from "../harness/site.ts";
import { INVENTORY, REGAMI, TWO_SERVICES } from "./broken-file.ts";

const reading = (text: string, found: Found = {}) => ({ readText: () => text, remembered: async () => found });

describe("twokey check", () => {
  test("ends with 0 for the inventory example, and names the one thing it cannot see", async () => {
    const { text, exitCode } = await check(["examples/inventory.yaml"], reading(INVENTORY));
    expect(exitCode).toBe(0);
    expect(text).toContain("warning: escalation.driver: TwoKey moves unanswered pages on");
    expect(text.split("\n").at(-1)).toBe("examples/inventory.yaml: no errors, 1 warning");
  });

  test("ends with 0 for the regami example, and says what us-east-1 means for it", async () => {
    const { text, exitCode } = await check(["examples/regami.yaml"], reading(REGAMI));
    expect(exitCode).toBe(0);
    expect(text).toContain("when us-east-1 fails, records of regami cannot be changed");
    expect(text.split("\n").at(-1)).toBe("examples/regami.yaml: no errors, 1 warning");
  });

  test("tells what AWS still has to be asked for from what the bot of this machine remembers", async () => {
    const without = INVENTORY.split("\n")
      .filter((line) => !line.includes("endpoint: mycomputer-inventory-db.c1"))
      .join("\n");
    const found = { "rds-replica/eu-west-1/mycomputer-inventory-db": { endpoint: { value: "db.example", atMs: 1 } } };

    const [open, known] = [await check([], reading(without)), await check([], reading(without, found))];

    expect(open.text).toContain("1 settings will be discovered from AWS: stores.stock.in.eu-west-1.endpoint");
    expect(known.text).toContain("1 settings were discovered from AWS: stores.stock.in.eu-west-1.endpoint");
    expect(known.text).not.toContain("no plan can be made");
  });

  test("notes a maximum of tasks that AWS has otherwise, and takes the file for right", async () => {
    const found = { "ecs/eu-west-1/mycomputer-production/inventory-service": { max_tasks: { value: 30, atMs: 1 } } };

    const { text, exitCode } = await check([], reading(INVENTORY, found));

    expect(exitCode).toBe(0);
    expect(text).toContain(
      "note: services.inventory: max_tasks of ECS service inventory-service in eu-west-1: 10 in twokey.yaml, which counts; AWS said 30\n    correct the one that is wrong",
    );
  });

  test("tells what two services share where only AWS says so", async () => {
    const without = TWO_SERVICES.split("\n")
      .filter((line) => !line.includes("security_group: sg-0ff11bb22cc33dd44"))
      .join("\n");
    const group = (value: string) => ({ "rds-replica/eu-west-1/orders-db": { security_group: { value, atMs: 1 } } });

    const [own, shared] = [
      await check([], reading(without, group("sg-0123456789abcdef0"))),
      await check([], reading(without, group("sg-0aa11bb22cc33dd44"))),
    ];

    expect(own.text).not.toContain("share the");
    expect(shared.text).toContain(
      "note: as AWS says, orders and inventory share the security group sg-0aa11bb22cc33dd44 in eu-west-1 [security-group-of-one-service]\n    give each database",
    );
  });

  test("says so when there is nothing to say", async () => {
    const quiet = INVENTORY.replace(
      "{ kind: pager, pager: pagerduty, policy: PEPOPS01 }",
      "{ kind: people, people: [farid] }",
    );
    expect(await check([], reading(quiet))).toEqual({ text: "twokey.yaml: no problems", exitCode: 0 });
  });

  test("ends with 1 for errors and prints file:line:column, path, rule and what to write", async () => {
    const { text, exitCode } = await check(["a.yaml"], reading(INVENTORY.replace("rpo: 15m", "rpo: soon")));
    expect(exitCode).toBe(1);
    const line = INVENTORY.slice(0, INVENTORY.indexOf("rpo: 15m")).split("\n").length;
    expect(text).toContain(
      `a.yaml:${line}:10: error: services.inventory.rpo: "soon" cannot be used here [schema]\n    write a whole`,
    );
    expect(text.split("\n").at(-1)).toBe("a.yaml: 1 error, 1 warning");
  });

  test("ends with 2 when it is called wrongly", async () => {
    expect(await check(["--fix"], reading(INVENTORY))).toEqual({ text: CHECK_USAGE, exitCode: 2 });
    expect(await check(["a.yaml", "b.yaml"], reading(INVENTORY))).toEqual({ text: CHECK_USAGE, exitCode: 2 });
    const gone = await check(["gone.yaml"], {
      ...reading(""),
      readText: () => {
        throw new Error("no such file");
      },
    });
    expect(gone).toEqual({ text: `gone.yaml cannot be read: no such file\n${CHECK_USAGE}`, exitCode: 2 });
  });

  test("reads twokey.yaml when no file is named", async () => {
    const asked: string[] = [];
    await check([], {
      ...reading(""),
      readText: (path) => {
        asked.push(path);
        return INVENTORY;
      },
    });
    expect(asked).toEqual(["twokey.yaml"]);
  });
});

describe("twokey schema", () => {
  test("prints JSON, or the page with --markdown, and refuses anything else", () => {
    expect(JSON.parse(schema([]).text)).toHaveProperty("properties.services");
    expect(schema(["--markdown"]).text).toMatch(/^# Configuration\n/);
    expect(schema(["--html"])).toEqual({ text: SCHEMA_USAGE, exitCode: 2 });
  });
});

describe("the examples", () => {
  test("describe what the plans say", () => {
    const inventory = loadFile("a", INVENTORY);
    const regami = loadFile("b", REGAMI);
    if (!inventory.ok || !regami.ok) throw new Error("an example is broken");
    const [first] = inventory.inventory.services;
    expect(first).toMatchObject({ rto: 1_800_000, rpo: 900_000, regions: ["eu-west-1", "eu-central-1"] });
    if (!first) throw new Error("the example has a service");
    expect(trafficOf(first)).toMatchObject({ routing: "weighted", set_identifiers: { "eu-west-1": "Primary" } });
    const [second] = regami.inventory.services;
    expect(second).toMatchObject({ rto: 900_000, rpo: 300_000, regions: ["us-east-1", "us-west-2"] });
    if (!second) throw new Error("the example has a service");
    expect(siteOf(second, "us-west-2").compute).toMatchObject({ tasks: 2, target_health: "process" });
    expect(databaseRecordOf(second)).toBeUndefined();
  });
});
