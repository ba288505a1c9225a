import { UserError } from "../domain/errors.ts";
import { isKept } from "../domain/service/access.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import type { Ask } from "./intent.ts";
import { personOf } from "./run-deps.ts";

/** Services that this asker is shown: `services.<name>.access.see` may keep some from them. */
export function isShown(ask: Ask, service: string, inventory: Inventory): boolean {
  return !isKept({ service, what: "see" }, personOf(ask, inventory)?.id, inventory);
}

/** The same for each service: a list of what there is names nothing that is kept from whom it is read by. */
export const shownTo =
  (ask: Ask, inventory: Inventory) =>
  (service: string): boolean =>
    isShown(ask, service, inventory);

/** Throws UserError where one of the services is kept from the asker. */
export function refuseUnlessShown(ask: Ask, services: readonly string[], inventory: Inventory): void {
  const kept = services.find((service) => !isShown(ask, service, inventory));
  if (kept === undefined) return;
  throw new UserError(
    "not-shown",
    `${kept} is shown only to the people whom twokey.yaml names for it (services.${kept}.access.see). Ask the owners of that file.`,
  );
}

/** Whether this asker may ask for plans of the service. */
export const mayAsk = (ask: Ask, service: string, inventory: Inventory): boolean =>
  !isKept({ service, what: "ask" }, personOf(ask, inventory)?.id, inventory);

/** Throws UserError where the asker may not ask for plans of this service. */
export function refuseUnlessMayAsk(ask: Ask, service: string, inventory: Inventory): void {
  refuseUnlessShown(ask, [service], inventory);
  if (mayAsk(ask, service, inventory)) return;
  throw new UserError(
    "may-not-ask",
    `Plans of ${service} are asked for by the people whom twokey.yaml names for it (services.${service}.access.ask). Nothing was changed.`,
  );
}
