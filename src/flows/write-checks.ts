import type { Proven } from "../domain/proof.ts";
import type { Service } from "../domain/service/service.ts";
import { whyNoAnswer } from "../domain/untrusted.ts";
import type { Probe } from "../ports/probe.ts";
import { OK, type Proof } from "../ports/proof.ts";
import { placesOf } from "./resources/places.ts";

/** Each write check answers as it was agreed: whether it writes or refuses depends on the day. */
export function writeCheckProofs(services: readonly Service[], probe: Pick<Probe, "writeCheck">): readonly Proof[] {
  return services.flatMap((service) =>
    placesOf(service).flatMap((place) => {
      const { writeCheck } = place.kind.fence ?? {};
      if (!writeCheck) return [];
      return service.regions.map((region) =>
        proofOf({ service: service.name, id: place.id, region, url: () => writeCheck(place, region) }, probe),
      );
    }),
  );
}

const FROM_A_GATEWAY = 500;

interface WriteCheck {
  readonly service: string;
  readonly id: string;
  readonly region: string;
  /** Throws while a setting of the store is not known yet. */
  readonly url: () => string;
}

const proofOf = ({ service, id, region, url }: WriteCheck, probe: Pick<Probe, "writeCheck">): Proof => ({
  id: `write-check:${service}:${id}:${region}`,
  proves: `the write check of ${id} in ${region} answers as it was agreed`,
  // The plan itself asks it again, and has it signed for or refuses a planned move: nobody is kept in a region by an answer of this hour.
  neededBy: "no move",
  service,
  prove: async (signal): Promise<Proven> => {
    const verdict = await probe.writeCheck(url(), signal);
    if (verdict.kind !== "unknown") return OK;
    // A gateway whose region is in trouble answers 5xx: that is silence, and must not keep anybody from leaving the region.
    if (verdict.status === undefined || verdict.status >= FROM_A_GATEWAY)
      return { kind: "unknown", why: whyNoAnswer(verdict.why, "the write check gives no answer") };
    return {
      kind: "wrong",
      what: `The write check of ${id} in ${region} answers HTTP ${verdict.status}, which is not one of the two agreed answers.`,
      instead: "Mend it, or its URL in twokey.yaml: see “the write check” in the operations manual.",
    };
  },
});
