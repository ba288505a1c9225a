import type { Directory } from "./directory.ts";
import { acknowledge } from "./incident-life.ts";
import { answerRequest } from "./responders.ts";

/** From now on the people of the account answer their phones the way the spec says. */
export function scriptPeople(directory: Directory): void {
  directory.onFirstRing = (incident, userId, reason) => {
    const person = directory.account.people.find((candidate) => candidate.user === userId);
    if (!person) return;
    const { acknowledgesAfterSeconds, respondsWith, respondsAfterSeconds } = person;
    const after = (seconds: number, act: () => void) => directory.at(directory.nowMs + seconds * 1_000, act);
    if (reason === "responder-request") {
      if (respondsWith === undefined) return;
      after(respondsAfterSeconds, () => answerRequest(directory, incident, { userId, answer: respondsWith }));
    } else if (acknowledgesAfterSeconds !== undefined) {
      after(acknowledgesAfterSeconds, () => {
        if (incident.status === "triggered")
          acknowledge(directory, incident, { agent: { kind: "user", userId }, via: "phone" });
      });
    }
  };
}
