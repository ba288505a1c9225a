import type { Guest, Proof, Who } from "../../../src/ports/asker.ts";

/** Somebody of `people` who came in through Slack, and whose account is in order unless `confirm` says otherwise. */
export function who(person: string, confirm: NonNullable<Proof["confirm"]> = async () => undefined): Who {
  return { kind: "person", person, proof: { door: "slack", strength: "account", confirm } };
}

/** Somebody of our own team whom `people` does not list. */
export function guest(name = "zed", strength: Proof["strength"] = "account"): Guest {
  return { kind: "guest", name, proof: { door: "slack", strength, confirm: async () => undefined } };
}
