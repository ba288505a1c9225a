export const THIRD = "eu-west-2";

/** Databases that follow the one at home. */
export const REPLICA: Readonly<Record<string, string>> = {
  "eu-central-1": "mycomputer-inventory-db-replica",
  [THIRD]: "mycomputer-inventory-db-north",
};

/** The text of the example `inventory` with a third region, as people would write it down. */
export const withThirdRegion = (text: string): string =>
  text
    .replace("regions: [eu-west-1, eu-central-1]", `regions: [eu-west-1, eu-central-1, ${THIRD}]`)
    .replace(
      "        after_promotion:",
      `          ${THIRD}:
            id: mycomputer-inventory-db-north
            endpoint: mycomputer-inventory-db-north.c3inventory.${THIRD}.rds.amazonaws.com
            security_group: sg-0ff55ff66aa77bb99
            write_check: https://write-check.${THIRD}.mycomputer.com/inventory
        after_promotion:`,
    )
    .replace(
      "    entrance:",
      `          ${THIRD}:
            target_group: arn:aws:elasticloadbalancing:${THIRD}:123456789012:targetgroup/inventory/83e2d6bc24d8a068
            load_balancer: { dns_name: third-alb.${THIRD}.elb.amazonaws.com, zone: ZHURV8PSTC4K8 }
    entrance:`,
    )
    .replace("            eu-central-1: Secondary", `            eu-central-1: Secondary\n            ${THIRD}: Third`);
