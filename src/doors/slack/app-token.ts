import type { webApi } from "@slack/bolt";
import { z } from "zod";
import { askWith, type Reception, type Secret } from "../../domain/secret.ts";

type Fetch = NonNullable<webApi.WebClientOptions["fetch"]>;

/** What the SDK is given instead, since it keeps what it is given: each call carries the token of its own moment. */
export const NO_TOKEN = "asked-at-each-call";

const Refusal = z.object({
  ok: z.literal(false),
  error: z.enum(["invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"]),
});

const Taken = z.object({ ok: z.literal(true) });

function receptionOf(says: unknown): Reception {
  if (Refusal.safeParse(says).success) return "refused";
  return Taken.safeParse(says).success ? "taken" : "unknown";
}

/** A fetch that signs each call with the app token as it is then. */
export function fetchWith(appToken: Secret, send = fetch): Fetch {
  return async (url, init) => {
    const ask = async (token: string) => {
      const headers = new Headers(init?.headers);
      headers.set("authorization", `Bearer ${token}`);
      const response = await send(url, { ...init, headers: Object.fromEntries(headers) });
      const says: unknown = await response
        .clone()
        .json()
        .catch(() => undefined);
      return { response, reception: receptionOf(says) };
    };
    return (await askWith(appToken, ask, ({ reception }) => reception)).response;
  };
}
