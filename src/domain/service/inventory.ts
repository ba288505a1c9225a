import { createHash } from "node:crypto";
import type { EscalationSnapshot } from "../incident/escalation.ts";
import { canonicalJson } from "../json.ts";
import { type Person, type PersonId, personFrom } from "../people/person.ts";
import { type Found, NOTHING_FOUND } from "./found.ts";
import { type Service, serviceFrom } from "./service.ts";
import type { TwoKeyFile } from "./twokey-file.ts";

/** The described world with names filled in: what flows, commands and views read instead of the raw file. */
export interface Inventory {
  readonly file: TwoKeyFile;
  readonly people: readonly Person[];
  readonly services: readonly Service[];
  readonly escalation: EscalationSnapshot;
  /** SHA-256 of the canonical file; part of every plan. */
  readonly digest: string;
}

/** `found`: what is known of the resources beyond the file. It is no part of the digest: plans pin what they use. */
export function inventoryFrom(file: TwoKeyFile, found: Found = NOTHING_FOUND): Inventory {
  const { severities, throttle } = file.escalation;
  const quietHours = Object.fromEntries(
    Object.entries(file.people).flatMap(([id, { quiet_hours: quiet }]) => (quiet ? [[id, quiet]] : [])),
  );
  const pagers = Object.fromEntries(Object.entries(file.pagers).map(([name, { traits }]) => [name, traits]));
  const matrix = { severities, audiences: file.audiences, throttle, quietHours, pagers };
  return {
    file,
    people: Object.entries(file.people).map(([id, entry]) => personFrom(id, entry)),
    services: Object.entries(file.services).map(([name, service]) => serviceFrom(name, service, found)),
    escalation: { ...matrix, digest: sha256(canonicalJson(matrix)) },
    digest: sha256(canonicalJson(file)),
  };
}

/** The same inventory with what is known of its resources by now. */
export function withFound(inventory: Inventory, found: Found): Inventory {
  return { ...inventory, services: inventory.services.map((service) => ({ ...service, found })) };
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

export function findService(inventory: Inventory, name: string): Service | undefined {
  return inventory.services.find((service) => service.name === name);
}

export function findPerson(inventory: Inventory, id: PersonId): Person | undefined {
  return inventory.people.find((person) => person.id === id);
}
