import { mostSimilar } from "../../domain/similar.ts";
import { type Rule, rule, sharedBetween } from "./rule.ts";

/** Machines that may ask: for services that exist, and each with keys of its own. */
export const PIPELINE_RULES: readonly Rule[] = [
  rule({
    name: "pipeline-service-exists",
    severity: "error",
    because: "A pipeline that may ask for a service that does not exist is refused when it matters.",
    needs: ["pipelines"],
    knows: ["services"],
    check: ({ pipelines }, { services }) =>
      Object.entries(pipelines).flatMap(([name, pipeline]) =>
        pipeline.services.flatMap((service, at) => {
          if (services.includes(service)) return [];
          const near = mostSimilar(service, services);
          const instead = near === undefined ? `name one of: ${services.join(", ")}` : `did you mean ${near}?`;
          return [{ path: ["pipelines", name, "services", at], what: `there is no service ${service}`, instead }];
        }),
      ),
  }),
  rule({
    name: "pipeline-keys-unique",
    severity: "error",
    because: "Two pipelines with the same keys cannot be told apart.",
    needs: ["pipelines"],
    check: ({ pipelines }) =>
      sharedBetween(
        Object.entries(pipelines).map(([name, { keys }]) => ({ key: keys, path: ["pipelines", name, "keys"], name })),
        ({ key, name }, first) => ({
          what: `${name} and ${first.name} read their keys from ${key}`,
          instead: "give each pipeline a variable of its own, with other keys",
        }),
      ),
  }),
];
