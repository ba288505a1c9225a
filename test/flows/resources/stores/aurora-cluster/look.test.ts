import { describe, expect, test } from "@jest/globals";
import type { Known } from "../../../../../src/domain/service/observed.ts";
import { observe } from "../../../../../src/flows/observe.ts";
import { placesOf } from "../../../../../src/flows/resources/places.ts";
import type { AuroraSeen } from "../../../../../src/flows/resources/stores/aurora-cluster/look.ts";
import type { ClusterFacts, ClusterMember } from "../../../../../src/ports/clusters.ts";
import { example } from "../../../../harness/example.ts";
import { fakeCloud, ordinaryDay } from "../../../../harness/fakes/index.ts";
import { dark, known } from "../../../../harness/observed.ts";

const archive = example("every-kind").services.find(({ name }) => name === "archive");
if (!archive) throw new Error("the example has an archive");
const quiet = fakeCloud(ordinaryDay(archive));
const CLUSTER = "archive-years";
const asUsual = await quiet.clusters.describe("eu-west-1", CLUSTER);

/** What a look makes of a cluster with these members. */
async function seen(change: (facts: ClusterFacts) => Partial<ClusterFacts>) {
  if (!asUsual.known) throw new Error("a quiet day is known");
  const facts = { ...asUsual.value, ...change(asUsual.value) };
  return lookAt(known(facts));
}

async function lookAt(cluster: Known<ClusterFacts>) {
  const asked: string[] = [];
  const describe = async (region: string, id: string) => {
    asked.push(`${id} in ${region}`);
    return cluster;
  };
  const cloud = fakeCloud({ clusters: { describe } }, quiet);
  const { resources } = await observe(archive as NonNullable<typeof archive>, cloud);
  const found = resources["stores.years"];
  const place = placesOf(archive as NonNullable<typeof archive>).find(({ id }) => id === "stores.years");
  if (!found || !place) throw new Error("the archive has a store");
  return { asked, told: found, writer: place.kind.store?.writer({ ...place, seen: found.seen as AuroraSeen }) };
}

const writing = (...writers: readonly string[]) =>
  seen(({ members }) => ({
    members: members.map((member): ClusterMember => ({ ...member, isWriter: writers.includes(member.instance) })),
  }));

describe("a look at a cluster", () => {
  test("asks the one region that it lives in, and says who writes and how many read", async () => {
    const { asked, told, writer } = await writing(`${CLUSTER}-1`);

    expect(asked).toEqual([`${CLUSTER} in eu-west-1`]);
    expect(told.in["eu-west-1"]).toMatchObject({
      facts: [
        { what: "cluster", seen: { value: `${CLUSTER}: available, ${CLUSTER}-1 in eu-west-1a writes, 2 readers` } },
      ],
      isSilent: false,
    });
    expect(writer).toMatchObject({ known: true, value: "eu-west-1" });
  });

  test("says of the other region that it has no copy there", async () => {
    const { told } = await writing(`${CLUSTER}-1`);

    expect(told.in["eu-central-1"]).toEqual({
      ...{ facts: [], isSilent: false, unready: `${CLUSTER} has no copy in eu-central-1` },
    });
  });

  test.each([
    ["no member says so", []],
    ["two members say so", [`${CLUSTER}-1`, `${CLUSTER}-2`]],
  ])("knows no writer where %s", async (_what, writers) => {
    const { told, writer } = await writing(...writers);

    expect(told.in["eu-west-1"]?.facts[0]?.seen).toMatchObject({
      value: expect.stringContaining("nobody can say who writes, 3 readers"),
    });
    expect(writer).toMatchObject({ known: false, why: `no member of ${CLUSTER} is its writer, or two are` });
  });

  test("of a region that gives no answer is silence, and no fact", async () => {
    const { told, writer } = await lookAt(dark("RDS"));

    expect(told.in["eu-west-1"]).toMatchObject({ isSilent: true, facts: [{ seen: { known: false } }] });
    expect(writer).toMatchObject({ known: false, cause: "unreachable" });
  });
});
