import { sayList } from "../config/problem.ts";
import { reloadSecrets } from "../config/secret-reload.ts";
import { messageOf } from "../domain/errors.ts";
import type { Proving } from "../jobs/looks/proving.ts";
import type { Composing } from "./held.ts";

/** What is told of a change: that it is in use, by the variables' names. What is wrong with it is told by its proof. */
export function followSecrets(
  { settings: { secrets, processName }, logger }: Pick<Composing, "settings" | "logger">,
  { proving, say }: { readonly proving: Pick<Proving, "afresh">; readonly say: (says: string) => Promise<void> },
): () => void {
  secrets.onChange((variables) => {
    logger.info({ variables }, "Secrets were read again and are in use");
    void proving.afresh();
    say(`New value in use on ${processName}: ${sayList(variables)}.`).catch((error: unknown) =>
      logger.warn({ why: messageOf(error) }, "Could not say so in Slack"),
    );
  });
  const reloading = reloadSecrets(secrets);
  return () => reloading.stop();
}
