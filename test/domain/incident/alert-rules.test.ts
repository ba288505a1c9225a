import { expect, test } from "@jest/globals";
import { type AlertRule, ruleFor, type Signal } from "../../../src/domain/incident/alert.ts";
import { signal } from "../../flows/incident/file.ts";

const rule = (name: string, match: AlertRule["match"]): AlertRule => ({
  ...{ name, match, service: "stock", severity: "sev1", opens_incident: true },
});
const forAll = rule("for all alarms", { alarm: "*" });
const forMessages = rule("for messages", { message: "*restarted*" });

const alarm = signal("stock-lag", { reason: "stock was restarted" });
const message = signal("RDS event", { source: "sns", state: "message", reason: "stock was restarted" });
const named = (rules: readonly AlertRule[], heard: Signal) => ruleFor(rules, heard)?.name;

test("guard no alarm: a rule for all alarms fits no message, and a rule about messages fits no alarm", () => {
  for (const rules of [
    [forAll, forMessages],
    [forMessages, forAll],
  ]) {
    expect([named(rules, alarm), named(rules, message)]).toEqual(["for all alarms", "for messages"]);
  }
  expect([named([forMessages], alarm), named([forAll], message)]).toEqual([undefined, undefined]);
});
