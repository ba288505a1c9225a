import { readFileSync } from "node:fs";
import { type Broken, INVENTORY } from "../broken-file.ts";

const EVERY_KIND = readFileSync("examples/every-kind.yaml", "utf8");
const YEARS = "services.archive.stores.years";
const DESK = "services.desk.entrance.names[0].in";
const STOCK = INVENTORY.slice(INVENTORY.indexOf("        kind: rds-replica"), INVENTORY.indexOf("    compute:"));
const ONE_CLUSTER = `        kind: aurora-cluster
        in: { eu-west-1: { id: stock, write_check: "https://write-check.eu-west-1.mycomputer.com/stock" } }
`;

/** Kinds that only one of the examples has. */
export const KINDS_ROWS: readonly Broken[] = [
  {
    rule: "aurora-cluster-has-one-region",
    claim: "a cluster in two regions",
    text: EVERY_KIND,
    edits: [
      [
        "            id: archive-years\n",
        "            id: archive-years\n            write_check: https://a.example.com/years\n          eu-central-1:\n            id: archive-other\n",
      ],
    ],
    at: "        ‸in:\n          eu-west-1:\n            id: archive-years",
    path: `${YEARS}.in`,
    says: ["exactly one region, and 2 are written", "a store of its own"],
  },
  {
    rule: "aurora-cluster-stays",
    severity: "warning",
    claim: "a store that cannot be moved in a service of two regions",
    edits: [[STOCK, ONE_CLUSTER]],
    at: "kind: ‸aurora-cluster",
    path: "services.inventory.stores.stock.kind",
    says: ["cannot leave eu-west-1", "/dr failover will refuse"],
  },
  {
    rule: "static-value-for-each-region",
    claim: "a region to which nobody could move a name",
    text: EVERY_KIND,
    edits: [[", eu-central-1: desk-b.machines.example", ""]],
    at: "          ‸in: { eu-west-1: desk-a.machines.example }",
    path: DESK,
    says: ["no entry for eu-central-1"],
  },
  {
    rule: "static-values-differ",
    claim: "one host name for two regions",
    text: EVERY_KIND,
    edits: [["eu-central-1: desk-b.machines.example", "eu-central-1: desk-a.machines.example"]],
    at: "          ‸in: { eu-west-1: desk-a.machines.example, eu-central-1: desk-a.machines.example }",
    path: DESK,
    says: ["the same host name in two regions", "each region's own"],
  },
];
