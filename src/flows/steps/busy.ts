/** What RDS says by these, for people who have to know whom to ask. */
const DOING: Readonly<Record<string, string>> = {
  "backing-up": "RDS takes a backup of it",
  creating: "it is being made",
  deleting: "somebody deletes it",
  "failing-over": "its writer goes to another machine",
  maintenance: "AWS maintains it",
  modifying: "somebody changes it, or RDS does in its maintenance window",
  rebooting: "it restarts",
  renaming: "somebody renames it",
  "resetting-master-credentials": "somebody changes its master password",
  starting: "somebody starts it",
  stopped: "somebody stopped it",
  stopping: "somebody stops it",
  "storage-full": "it has no room left",
  upgrading: "its engine is upgraded",
};

/** Statuses that a database does not leave by itself: somebody has to do something first. */
const LASTING =
  /^(deleting|failed|inaccessible-|incompatible-|insufficient-|restore-error|stopped|stopping|storage-full)/;

export const isLasting = (status: string): boolean => LASTING.test(status);

export function sayStatus(status: string): string {
  const doing = DOING[status];
  return `${status}${doing === undefined ? "" : ` (${doing})`}`;
}

export type Standing =
  | { readonly kind: "ready" }
  /** In words, for the card: the step waits until it has passed. */
  | { readonly kind: "passing"; readonly says: string }
  /** In words, with what to do. */
  | { readonly kind: "lasting"; readonly why: string };

/** Whether RDS takes a snapshot of it now, later, or not before somebody has done something. */
export function standingFor(what: string, status: string, ready: readonly string[]): Standing {
  if (ready.includes(status)) return { kind: "ready" };
  const now = sayStatus(status);
  if (!isLasting(status))
    return { kind: "passing", says: `how long ${what} stays ${now}: RDS takes no snapshot of it until then` };
  return {
    kind: "lasting",
    why: `${what} is ${now}, and RDS takes no snapshot of it meanwhile. Ask again when it is available.`,
  };
}
