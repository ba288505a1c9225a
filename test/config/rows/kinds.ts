import { readFileSync } from "node:fs";
import { type Broken, type Edit, INVENTORY } from "../broken-file.ts";

const EVERY_KIND = readFileSync("examples/every-kind.yaml", "utf8");
const YEARS = "services.archive.stores.years";
const DESK = "services.desk.entrance.names[0].in";
const STOCK = INVENTORY.slice(INVENTORY.indexOf("        kind: rds-replica"), INVENTORY.indexOf("    compute:"));
const ONE_CLUSTER = `        kind: aurora-cluster
        in: { eu-west-1: { id: stock, write_check: "https://write-check.eu-west-1.mycomputer.com/stock" } }
`;

/** Kinds that only one of the examples has. */
const MAILS = "services.bookings.compute.mails";
/** The worker of the example, as a second service that users reach. */
const SECOND_FRONT: Edit = [
  "        tasks: 2\n        healthy_means: running-tasks",
  "        tasks: 2\n        healthy_means: process",
];
const ECS = INVENTORY.slice(INVENTORY.indexOf("        kind: ecs"), INVENTORY.indexOf("    entrance:"));
const BALANCED = INVENTORY.slice(
  INVENTORY.indexOf("        in:\n          eu-west-1:\n            target_group"),
  INVENTORY.indexOf("    entrance:"),
);

/** Workers that one fence stops together. */
const WORKERS = Array.from(
  { length: 30 },
  (_, at) => `      worker-${at}: { kind: ecs, id: production/worker-${at}, tasks: 1, healthy_means: running-tasks }\n`,
).join("");

export const MANY_WORKERS: Edit = ["    compute:\n", `    compute:\n${WORKERS}`];

export const KINDS_ROWS: readonly Broken[] = [
  {
    rule: "session-fits",
    claim: "a fence that stops more than one session can be limited to",
    edits: [MANY_WORKERS],
    at: "‸regions: [eu-west-1",
    path: "services.inventory.regions",
    says: [
      "what fences eu-west-1 is too long for one session",
      "STS takes 2048",
      "twokey policy session inventory prints, and name them in aws.session_policies.inventory",
    ],
  },
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
    rule: "every-store-can-move",
    severity: "warning",
    claim: "a store that cannot be moved in a service of two regions",
    edits: [[STOCK, ONE_CLUSTER]],
    at: "kind: ‸aurora-cluster",
    path: "services.inventory.stores.stock.kind",
    says: ["cannot leave eu-west-1", "/dr failover will refuse"],
  },
  {
    rule: "worker-has-no-targets",
    claim: "a target group of a worker",
    text: EVERY_KIND,
    edits: [
      [
        "healthy_means: running-tasks\n",
        "healthy_means: running-tasks\n        in: { eu-west-1: { target_group: arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/mails/1 } }\n",
      ],
    ],
    at: "in: { eu-west-1: { ‸target_group: arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/mails/1",
    path: `${MAILS}.in.eu-west-1.target_group`,
    says: ["means nothing with healthy_means: running-tasks", "remove it, or write"],
  },
  {
    rule: "worker-has-no-targets",
    claim: "a load balancer of a worker",
    text: EVERY_KIND,
    edits: [
      [
        "healthy_means: running-tasks\n",
        "healthy_means: running-tasks\n        in: { eu-west-1: { load_balancer: { dns_name: mails.eu-west-1.elb.amazonaws.com } } }\n",
      ],
    ],
    at: "in: { eu-west-1: { ‸load_balancer: { dns_name: mails",
    path: `${MAILS}.in.eu-west-1.load_balancer`,
    says: ["load_balancer means nothing", "if users reach this service in eu-west-1"],
  },
  {
    rule: "somebody-serves-users",
    claim: "an entrance in front of workers alone",
    edits: [
      ["healthy_means: writable-database # assumed", "healthy_means: running-tasks"],
      [BALANCED, ""],
    ],
    at: "    ‸compute:\n",
    path: "services.inventory.compute",
    says: ["users reach none of api", "add the compute that serves users"],
  },
  {
    rule: "somebody-serves-users",
    claim: "alias records in front of machines that have no load balancer",
    edits: [[ECS, "        kind: none\n"]],
    at: "    ‸compute:\n",
    path: "services.inventory.compute",
    says: ["users reach none of api", "no load balancer leads to one of them"],
  },
  {
    rule: "users-are-led-to-one-compute",
    claim: "two load balancers, and an entrance that does not say which is meant",
    text: EVERY_KIND,
    edits: [SECOND_FRONT],
    at: "    ‸entrance:\n      kind: route53",
    path: "services.bookings.entrance",
    says: ["api and mails have a load balancer each", "write to: api"],
  },
  {
    rule: "users-are-led-to-one-compute",
    claim: "an entrance that leads to a worker",
    text: EVERY_KIND,
    edits: [["      kind: route53\n", "      kind: route53\n      to: mails\n"]],
    at: "to: ‸mails",
    path: "services.bookings.entrance.to",
    says: ["mails is a worker without a load balancer", "write api"],
  },
  {
    rule: "users-are-led-to-one-compute",
    claim: "an entrance that leads to a compute that is not there",
    text: EVERY_KIND,
    edits: [["      kind: route53\n", "      kind: route53\n      to: web\n"]],
    at: "to: ‸web",
    path: "services.bookings.entrance.to",
    says: ["there is no compute web", "write api"],
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
    rule: "database-record-once",
    claim: "one name for two stores",
    text: EVERY_KIND,
    edits: [["name: guests.bookings.internal", "name: orders.bookings.internal"]],
    at: "          ca_file: /etc/twokey/rds-bundle.pem\n        name:\n          name: ‸orders.bookings.internal",
    path: "services.bookings.stores.guests.name.name",
    says: ["orders has the name", "of this store's own"],
  },
  {
    rule: "static-name-once",
    claim: "one name twice",
    text: EVERY_KIND,
    edits: [
      [
        "        - name: desk.hotels.example\n",
        "        - name: desk.hotels.example\n          in: { eu-west-1: c.machines.example, eu-central-1: d.machines.example }\n        - name: desk.hotels.example\n",
      ],
    ],
    at: "        - name: ‸desk.hotels.example\n          ttl_seconds",
    path: "services.desk.entrance.names[1].name",
    says: ["named twice"],
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
