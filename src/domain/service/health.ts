/** What a health endpoint answers. */
export type HealthVerdict =
  | { readonly kind: "healthy"; readonly status: number }
  | { readonly kind: "unhealthy"; readonly status: number; readonly why: string }
  | { readonly kind: "unreachable"; readonly why: string };

/** What a write check answers. */
export type WriteVerdict =
  /** `opened`: it was asked for a session that it had kept, and wrote over another one. */
  | { readonly kind: "written"; readonly opened?: true }
  | { readonly kind: "refused"; readonly reason: string }
  /** `status`: of an answer that is neither of the two agreed ones; absent: there was no answer. */
  | { readonly kind: "unknown"; readonly why: string; readonly status?: number };

/** What people read of it, wherever they read it. The body of an answer is for the timeline, and for machines. */
export const sayFailure = (health: Exclude<HealthVerdict, { kind: "healthy" }>): string =>
  health.kind === "unhealthy" ? `errors (HTTP ${health.status})` : `no answer (${health.why})`;

/** The body itself, for whom it may help. */
export const replyOf = (health: HealthVerdict): { readonly reply?: string } =>
  health.kind === "unhealthy" ? { reply: health.why } : {};
