import type { Glimpse } from "../domain/service/glimpse.ts";
import { type HealthVerdict, sayFailure, type WriteVerdict } from "../domain/service/health.ts";
import type { Fact, RegionFacts, Told } from "../domain/service/observation.ts";
import { isUnreachable, type Known } from "../domain/service/observed.ts";
import type { Region } from "../domain/service/service.ts";

type Named = { readonly id: string; readonly name: string };

/** Facts of one resource that are told before the whole look is there. */
const FACTS_TOLD = 3;

/** Tells the parts of a look as they come in. It holds nothing up, and nothing that it tells is used for a plan. */
export class Glimpses {
  readonly #sees: (glimpse: Glimpse) => void;
  /** Questions without an answer, by key. */
  readonly #open = new Map<string, number>();

  constructor(sees: ((glimpse: Glimpse) => void) | undefined) {
    this.#sees = sees ?? (() => undefined);
  }

  /** One question about a resource in a region. Answers come in any order, and one of them may lead to the next question. */
  asked<T>({ id, name }: Named, region: Region, answer: Promise<Known<T>>): Promise<Known<T>> {
    const part = { key: `${id} ${region}`, region, what: name };
    this.#open.set(part.key, (this.#open.get(part.key) ?? 0) + 1);
    this.#sees(part);
    const over = (says: string) => {
      const left = (this.#open.get(part.key) ?? 1) - 1;
      this.#open.set(part.key, left);
      if (left === 0) this.#sees({ ...part, says });
    };
    answer.then(
      (known) => over(isUnreachable(known) ? "no answer" : "answers"),
      () => over("no answer"),
    );
    return answer;
  }

  /** All of a resource is there. */
  told({ id, name }: Named, told: Told): void {
    for (const [region, facts] of Object.entries(told.in)) {
      const says = inRegion(facts);
      // Not every kind has words for every region: what its questions said stays.
      if (says !== "") this.#sees({ key: `${id} ${region}`, region, what: name, says });
    }
    const beyond = told.facts.slice(0, FACTS_TOLD).map(sayFact);
    if (beyond.length > 0) this.#sees({ key: id, what: name, says: beyond.join(", ") });
  }

  health(region: Region | undefined, answer: Promise<HealthVerdict>): Promise<HealthVerdict> {
    const part = { key: `health ${region ?? ""}`, what: region ? "application" : "users", ...(region && { region }) };
    return this.#then(part, answer, (health) => {
      if (health.kind !== "healthy") return `${region ? "gives" : "get"} ${sayFailure(health)}`;
      return region ? "answers" : "get good answers";
    });
  }

  write({ id }: Pick<Named, "id">, region: Region, answer: Promise<WriteVerdict>): Promise<WriteVerdict> {
    return this.#then(
      { key: `write ${id} ${region}`, region, what: "write check" },
      answer,
      ({ kind }) => WRITES[kind],
    );
  }

  #then<T>(part: Glimpse, answer: Promise<T>, say: (answer: T) => string): Promise<T> {
    this.#sees(part);
    answer.then(
      (given) => this.#sees({ ...part, says: say(given) }),
      () => this.#sees({ ...part, says: "no answer" }),
    );
    return answer;
  }
}

const WRITES: Readonly<Record<WriteVerdict["kind"], string>> = {
  written: "passes",
  refused: "is refused",
  unknown: "gives no answer",
};

function inRegion({ facts, isSilent, behind }: RegionFacts): string {
  if (isSilent) return "silent";
  const lag = behind?.lag.known ? [`lag ${behind.lag.value.seconds} s`] : [];
  return [...facts.slice(0, FACTS_TOLD).map(sayFact), ...lag].join(", ");
}

const sayFact = ({ what, seen }: Fact): string => (seen.known ? `${what} ${seen.value}` : `${what} unknown`);
