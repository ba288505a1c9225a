import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { procedurePage } from "../../src/procedures/page.ts";
import { PROCEDURE_RULES } from "../../src/procedures/rules/index.ts";
import { FIXTURES, faultsOfFile, placed } from "./read.ts";

/** Each procedure with a mistake, and all that is wrong with it, by line. Beside each stands one in which it is corrected. */
const FAULTS: readonly (readonly [file: string, ...faults: string[]])[] = [
  ["01-lag-field.faulty.py", "9 answer-has-the-field"],
  ["02-failover-inside.faulty.py", "7 failover-leaves-the-cluster"],
  ["03-insync-at-once.faulty.py", "21 change-is-pending-at-first"],
  ["04-rollback-after-promotion.faulty.py", "11 no-rollback-after-promotion", "23 no-rollback-after-promotion"],
  ["05-alarm-without-direction.faulty.py", "14 alarm-watches-something"],
  ["06-users-before-data.faulty.py", "4 data-before-users"],
  ["07-synchronous-copy.faulty.yaml", "11 no-synchronous-copy-between-regions"],
  ["08-backup-policy.faulty.md", "8 backup-kind-is-one", "25 retention-as-written"],
  ["09-enables-something-else.faulty.sh", "2 does-what-it-says"],
  ["10-dns-only.faulty.md", "19 failover-promotes"],
  ["11-alias-zone.faulty.sh", "14 load-balancer-zone", "28 load-balancer-zone"],
  ["12-newest-snapshot.faulty.sh", "11 newest-is-asked-for"],
  [
    "13-drill-leaves-things.faulty.sh",
    ...["3 slow-call-awaited", "6 slow-call-awaited", "6 nothing-left-behind"],
    ...["9 slow-call-awaited", "9 nothing-left-behind", "15 cleanup-always-runs"],
  ],
  ["14-dns-moves-by-itself.faulty.md", "30 no-automatic-move-to-a-cold-standby"],
  ["15-control-plane.faulty.md", "6 control-plane-elsewhere", "32 control-plane-elsewhere"],
  ["16-available-is-not-caught-up.faulty.sh", "8 caught-up-is-measured"],
  ["17-rpo-of-snapshots.faulty.md", "12 backups-within-rpo"],
  ["18-late-lag-alarm.faulty.md", "14 lag-alarm-within-rpo", "25 lag-alarm-within-rpo", "26 lag-alarm-within-rpo"],
  ["19-two-severity-scales.faulty.md", "16 one-severity-scale", "23 one-severity-scale"],
];

const inFolder = (folder: string) => readdirSync(folder).map((name) => `${folder}/${name}`);

describe("a written procedure with a mistake", () => {
  test.each(FAULTS)("%s: each fault has its line, and there is no other", async (file, ...faults) => {
    expect(placed(await faultsOfFile(`${FIXTURES}/${file}`))).toEqual(faults);
  });

  test("each fault says what it is, why, and what to do", async () => {
    const all = (await Promise.all(FAULTS.map(([file]) => faultsOfFile(`${FIXTURES}/${file}`)))).flat();

    for (const { what, why, instead } of all)
      for (const words of [what, why, instead]) expect(words.split(" ").length).toBeGreaterThanOrEqual(3);
  });

  test("every fixture stands in the table", () => {
    const faulty = readdirSync(FIXTURES).filter((name) => name.includes(".faulty."));

    expect(faulty).toEqual(FAULTS.map(([file]) => file));
    expect(readdirSync(FIXTURES).filter((name) => name.includes(".corrected."))).toEqual(
      faulty.map((name) => name.replace(".faulty.", ".corrected.")),
    );
  });
});

describe("a procedure that is right raises no alarm", () => {
  const corrected = inFolder(FIXTURES).filter((path) => path.includes(".corrected."));

  test.each([...corrected, ...inFolder("test/procedures/good")])("%s", async (path) => {
    expect(placed(await faultsOfFile(path))).toEqual([]);
  });

  test.each(["docs/operations.md", "docs/first-hour.md", "README.md", "CONTRIBUTING.md"])("%s", async (path) => {
    expect(placed(await faultsOfFile(path))).toEqual([]);
  });
});

test("no two rules have one name", () => {
  const ids = PROCEDURE_RULES.map(({ id }) => id);

  expect(new Set(ids).size).toBe(ids.length);
});

test("docs/lint-procedure.md is the page that the rules make (npm run --silent twokey -- lint-procedure --rules > docs/lint-procedure.md)", () => {
  expect(readFileSync("docs/lint-procedure.md", "utf8").trimEnd()).toBe(procedurePage().trimEnd());
});
