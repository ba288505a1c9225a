import { createHmac } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Secret } from "../../../../src/domain/secret.ts";
import { isSignedByPagerDuty } from "../../../../src/integrations/pagers/pagerduty/webhook-signature.ts";

const sign = (secret: string, body: Uint8Array) => `v1=${createHmac("sha256", secret).update(body).digest("hex")}`;
const secrets = (...values: string[]) => values.map((value) => new Secret(value));

const body = fc.uint8Array({ maxLength: 400 });
const secret = fc.string({ minLength: 1, maxLength: 40 });
/** fast-check prints its seed and the shrunk case when a property fails. */
const RUNS = { numRuns: 2_000 };

describe("a PagerDuty signature", () => {
  test("is accepted exactly when one of ours is among those given", () => {
    const keys = fc.uniqueArray(secret, { minLength: 2, maxLength: 6 });
    const property = fc.property(body, keys, fc.tuple(fc.nat(), fc.nat()), (raw, all, [a, b]) => {
      const ours = all.slice(0, 1 + (a % (all.length - 1)));
      const signers = all.slice(b % all.length);
      const header = signers.map((one) => sign(one, raw)).join(", ");
      const isOurs = signers.some((one) => ours.includes(one));
      expect(isSignedByPagerDuty(Buffer.from(raw), header, secrets(...ours))).toBe(isOurs);
    });
    fc.assert(property, RUNS);
  });

  test("does not survive one changed bit of the body", () => {
    const property = fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), secret, fc.nat(), (raw, key, at) => {
      const changed = Buffer.from(raw);
      const index = at % changed.length;
      changed[index] = (changed[index] ?? 0) ^ (1 << (at % 8));
      expect(isSignedByPagerDuty(changed, sign(key, raw), secrets(key))).toBe(false);
    });
    fc.assert(property, RUNS);
  });

  test("is never seen in arbitrary text, which throws nothing either", () => {
    const noise = fc.oneof(fc.string({ maxLength: 200 }), fc.stringMatching(/^(v1=[0-9a-f]{60,68},?){0,4}$/));
    const property = fc.property(body, noise, secret, (raw, header, key) => {
      expect(isSignedByPagerDuty(Buffer.from(raw), header, secrets(key))).toBe(false);
    });
    fc.assert(property, RUNS);
  });

  test.each([
    ["no header", undefined],
    ["a header given twice", [sign("key", Buffer.from("x"))]],
    ["another scheme", sign("key", Buffer.from("x")).replace("v1", "v2")],
    ["upper-case hex", sign("key", Buffer.from("x")).toUpperCase()],
    ["a header beyond 4 KB", `${" ".repeat(4_096)}${sign("key", Buffer.from("x"))}`],
  ])("%s does not count", (_title, header) => {
    expect(isSignedByPagerDuty(Buffer.from("x"), header, secrets("key"))).toBe(false);
  });

  test("needs a secret of ours", () => {
    expect(isSignedByPagerDuty(Buffer.from("x"), sign("key", Buffer.from("x")), [])).toBe(false);
  });
});
