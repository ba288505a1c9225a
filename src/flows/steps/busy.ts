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

/** Why RDS would not take a snapshot of it now, with what to do; undefined: it would. */
export function snapshotTrouble(what: string, status: string, ready: readonly string[]): string | undefined {
  if (ready.includes(status)) return undefined;
  const doing = DOING[status];
  return `${what} is ${status}${doing === undefined ? "" : ` (${doing})`}, and RDS takes no snapshot of it meanwhile. Ask again when it is available.`;
}
