import { expect, test } from "@jest/globals";
import type { Duty } from "../../../../src/domain/incident/duty.ts";
import { intendPages } from "../../../../src/flows/incident/paging/page-targets.ts";
import { openedIncident } from "../../../cards/incident-states.ts";
import { AT } from "../../../harness/observed.ts";

const incident = openedIncident();
/** How the pages of a duty are told before anybody is asked to send them. */
function told(kind: "direct" | "trigger", subject: Duty["subject"]) {
  const duty: Duty = { kind, key: `${kind}:test`, queue: "pages", dueAtMs: AT, done: false, subject };
  return intendPages(incident, duty, AT).events.map(({ says, facts }) => [says, facts["via"]]);
}

test("pages are told with the way that they go: written to people in Slack, or through the pager", () => {
  expect(told("direct", { target: "farid", kind: "person" })).toEqual([["Paging farid", "slack"]]);
  expect(told("trigger", { ladder: "9" })).toEqual([["Asking the pager to page", "pager"]]);
});
