import { describe, expect, test } from "@jest/globals";
import { breakText, INVENTORY, problemsOf } from "./broken-file.ts";

interface Partition {
  readonly id: string;
  readonly home: string;
  readonly standby: string;
  /** Region whose control plane changes records. */
  readonly route53: string;
  readonly suffix: string;
  /** Hosted zones of the application load balancers of home and standby. */
  readonly zones: readonly [home: string, standby: string];
}

const PARTITIONS: readonly Partition[] = [
  {
    id: "aws-us-gov",
    home: "us-gov-west-1",
    standby: "us-gov-east-1",
    route53: "us-gov-west-1",
    suffix: "amazonaws.com",
    zones: ["Z33AYJ8TM3BH4J", "Z166TLBEWOO7G0"],
  },
  {
    id: "aws-cn",
    home: "cn-north-1",
    standby: "cn-northwest-1",
    route53: "cn-northwest-1",
    suffix: "amazonaws.com.cn",
    zones: ["Z1GDH35T77C1KE", "ZM7IZAIOVVDZF"],
  },
];

/** The example, with all that it names in another partition. */
const fileIn = ({ id, home, standby, route53, suffix, zones }: Partition): string =>
  INVENTORY.replaceAll("arn:aws:", `arn:${id}:`)
    .replaceAll("eu-west-1", home)
    .replaceAll("eu-central-1", standby)
    .replaceAll("eu-north-1", home)
    .replaceAll("us-east-1", route53)
    .replaceAll("Z32O12XQLNTSW2", zones[0])
    .replaceAll("Z215JYRZR1TBD5", zones[1])
    .replaceAll("amazonaws.com", suffix);

const rulesOf = (text: string) => problemsOf(text).map(({ rule, severity }) => `${severity} ${rule}`);

describe.each(PARTITIONS)("a whole file of $id", (partition) => {
  // With two regions one of them holds the control plane of Route 53.
  const usual = [...rulesOf(INVENTORY), "warning control-plane-in-protected-region"];

  test("passes: that the bot stands in one of two regions is a warning, where there is no third one", () => {
    expect(new Set(rulesOf(fileIn(partition)))).toEqual(new Set([...usual, "warning bot-stands-elsewhere"]));
  });

  test("is refused with a sts of another partition", () => {
    const text = breakText(fileIn(partition), [[`sts: ${partition.home}`, "sts: eu-north-1"]]);
    expect(new Set(rulesOf(text))).toEqual(new Set([...usual, "error sts-in-the-partition"]));
  });
});

test("where a third region is known, a bot in one of the two is an error", () => {
  const text = breakText(INVENTORY, [["sts: eu-north-1", "sts: eu-west-1"]]);
  expect(rulesOf(text)).toContain("error bot-stands-elsewhere");
});
