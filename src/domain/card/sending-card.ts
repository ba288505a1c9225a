import type { Doing } from "../doing.ts";

interface Own {
  readonly of: "incident" | "run";
  readonly says: string;
  /** Without it nobody sees in the room what goes on, or can act there. */
  readonly wakes: boolean;
}

/** Cards of the room of an incident or a run, by how their ids begin. Everything else is told in the alerts channel alone. */
const OWN: Readonly<Record<string, Own>> = {
  incident: { of: "incident", says: "its card", wakes: true },
  update: { of: "incident", says: "a status update", wakes: false },
  plan: { of: "run", says: "its plan", wakes: true },
  progress: { of: "run", says: "its progress", wakes: true },
  "plan-details": { of: "run", says: "the steps of its plan", wakes: false },
  "by-hand": { of: "run", says: "its commands by hand", wakes: false },
  page: { of: "incident", says: "a page of it as a direct message", wakes: false },
  news: { of: "run", says: "its news", wakes: false },
};

/** That a card is sent, as something that may fail again and again. */
export function sendingCard(id: string): Doing {
  const [kind = "", subject = ""] = id.split(/[:#]/);
  const own = Object.hasOwn(OWN, kind) ? OWN[kind] : undefined;
  if (own === undefined) return { what: `card ${id}`, wakes: false };
  return { what: `${own.of} ${subject}, ${own.says}`, key: `card ${id}`, [own.of]: subject, wakes: own.wakes };
}
