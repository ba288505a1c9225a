import { chainOf } from "../../domain/errors.ts";
import type { Hint, HintSource, SignedRequest } from "../../ports/hints.ts";
import type { Logger } from "../../ports/logger.ts";

export interface HintOptions {
  readonly source: Pick<HintSource, "name" | "isAuthentic" | "read">;
  /** Durable when it resolves; takes the same ids twice without effect. */
  readonly accept: (hint: Hint) => Promise<void>;
  /** A few dropped webhooks may disable a subscription: our own wrong secret must raise an alarm. */
  readonly onBadSignature: () => void;
  readonly logger: Logger;
}

export type HintDoor = (request: SignedRequest) => Promise<{ readonly status: 202 | 401 | 503 }>;

/**
 * POST /webhooks/<pager>. 401: not signed by us; 503: could not be kept, come again; 202 for everything else, since a
 * 4xx for an authentic webhook may drop it for good and count towards the subscription's being disabled.
 */
export function createHintDoor({ source, accept, onBadSignature, logger }: HintOptions): HintDoor {
  const pager = source.name;
  return async (request) => {
    if (!source.isAuthentic(request)) {
      logger.warn({ pager, reason: "signature-wrong" }, "Refused a webhook of a pager");
      onBadSignature();
      return { status: 401 };
    }
    const hint = source.read(request);
    if (hint === undefined) {
      logger.warn({ pager }, "Ignored a webhook of a pager that has an unknown shape");
      return { status: 202 };
    }
    try {
      await accept(hint);
      return { status: 202 };
    } catch (error) {
      logger.error({ pager, hint: hint.id, error: chainOf(error) }, "Could not keep a webhook of a pager");
      return { status: 503 };
    }
  };
}
