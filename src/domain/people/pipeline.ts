import { z } from "zod";

/**
 * A machine that may ask for what only adds something (G1). It is no person: it has no role, it is not paged, and it turns
 * no key.
 */
export const PipelineEntry = z.strictObject({
  services: z
    .array(z.string())
    .min(1, "must name at least one service")
    .describe("Services that it may ask for, by their names."),
  keys: z
    .string()
    .regex(
      /^PIPELINE_(?!.*_FILE$)[A-Z0-9_]{1,60}$/,
      "must be the name of a variable that begins with PIPELINE_, without _FILE at its end",
    )
    .describe(
      "Variable of the environment with the keys that its requests may be signed with: at least 32 characters each, separated by commas, newest first.",
    ),
});
export type PipelineEntry = z.infer<typeof PipelineEntry>;

const PREFIX = "pipeline:";

/** As plans and events name it. A person's id has no colon, so it is never mistaken for one. */
export const pipelineId = (name: string): string => `${PREFIX}${name}`;

/** For people: `pipeline release`; undefined for what is no pipeline. */
export const sayPipeline = (id: string): string | undefined =>
  id.startsWith(PREFIX) ? `pipeline ${id.slice(PREFIX.length)}` : undefined;
