import type { Broken } from "../broken-file.ts";

const RELEASE = "release: { services: [inventory], keys: PIPELINE_RELEASE_KEYS }";

export const PIPELINE_ROWS: readonly Broken[] = [
  {
    rule: "pipeline-service-exists",
    claim: "a pipeline that may ask for a service that does not exist",
    edits: [[RELEASE, RELEASE.replace("[inventory]", "[inventori]")]],
    at: "services: [‸inventori]",
    path: "pipelines.release.services[0]",
    says: ["there is no service inventori", "did you mean inventory?"],
  },
  {
    rule: "pipeline-keys-unique",
    claim: "two pipelines with the same keys",
    edits: [[RELEASE, `${RELEASE}\n  nightly: { services: [inventory], keys: PIPELINE_RELEASE_KEYS }`]],
    at: "nightly: { services: [inventory], keys: ‸PIPELINE_RELEASE_KEYS",
    path: "pipelines.nightly.keys",
    says: ["nightly and release", "a variable of its own"],
  },
];
