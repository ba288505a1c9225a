import { expect, test } from "@jest/globals";
import { shares } from "../../../../../src/flows/resources/compute/ecs/parts.ts";

test("a cluster that the file names is shared at the very line: that of its region, or the one for all regions", () => {
  const settings = { id: "shop/orders", in: { "eu-central-1": { id: "standby/orders" } } };

  expect(shares(settings as never, ["eu-west-1", "eu-central-1"])).toEqual([
    { what: "cluster", key: "eu-west-1/shop", says: "cluster shop in eu-west-1", path: ["id"] },
    {
      ...{ what: "cluster", key: "eu-central-1/standby", says: "cluster standby in eu-central-1" },
      path: ["in", "eu-central-1", "id"],
    },
  ]);
});
