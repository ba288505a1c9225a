import { z } from "zod";
import { Duration } from "../duration.ts";
import { type Found, NOTHING_FOUND } from "./found.ts";
import { type Region, RegionName } from "./region.ts";
import { HttpUrl, type Resource } from "./resource.ts";

export { type Region, ROUTE53_CONTROL_PLANE } from "./region.ts";

export const Name = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,30}$/, "must be a short lower-case name (letters, digits, - and _)");

/** How the resources of each role may be written: one schema a role, made of the settings of all its kinds. */
export interface ResourceSchemas {
  readonly stores: z.ZodType<Resource>;
  readonly compute: z.ZodType<Resource>;
  readonly entrances: z.ZodType<Resource>;
}

const part = (what: string) => Duration.optional().describe(`At most this for ${what}.`);

const Budget = z.strictObject({
  promote: part("promoting the stores"),
  dns: part("moving the names"),
  services: part("starting the services"),
  verify: part("proving that it works"),
  communication: part("telling people"),
  buffer: part("what nobody foresaw"),
});

const Link = z.strictObject({
  label: z.string().describe("Text of the link."),
  url: HttpUrl.describe("Where it leads."),
});

const team = (what: string) =>
  z
    .array(z.string())
    .min(1, "must name at least one")
    .optional()
    .describe(
      `${what}: keys of \`people\`, and keys of \`audiences\` that list people. Without it: everybody whom the rest of the file allows.`,
    )
    .meta({ examples: [["dr_team", "ana"]] });

/** Narrows what the rest of the file allows; it allows nobody anything. */
export const Access = z.strictObject({
  see: team("Who is shown the service"),
  ask: team("Who may ask for its plans, and let a run of it go on (`resume`, `retry`, `take-over`)"),
  approve: team("Whose keys and votes count for its plans"),
});
export type Access = z.infer<typeof Access>;

export const serviceSchema = ({ stores, compute, entrances }: ResourceSchemas) =>
  z.strictObject({
    about: z.string().optional().describe("One sentence for people who do not know the service."),
    tier: z.enum(["critical", "high", "medium", "low"]).describe("How much the organisation depends on it."),
    rto: Duration.describe("Recovery time objective: how long users may be without the service."),
    rpo: Duration.describe("Recovery point objective: how much of the newest data may be lost."),
    url: HttpUrl.describe("What users call; asked through public DNS at the end of a failover."),
    deep_health: z
      .string()
      .startsWith("/", "must be a path that starts with /")
      .describe(
        "Path that answers 200 only while the application can write its database; asked at each region directly.",
      ),
    regions: z
      .array(RegionName)
      .min(2, "must name the home region and at least one more")
      .describe(
        "Home region first, then the others by priority: a move goes to the first one that is ready. Two are the ordinary case.",
      ),
    needs: z
      .array(Name)
      .default([])
      .describe("Services that have to be there before this one.")
      .meta({ examples: [["payments"]] }),
    access: Access.default({}).describe("Who may see it, ask for its plans, and approve them, by team."),
    budget: Budget.optional().describe("How the RTO is shared out; the parts together are no longer than it."),
    stores: z.record(Name, stores).describe("What keeps the data, by name."),
    compute: z.record(Name, compute).describe("What does the work, by name."),
    entrance: entrances.describe("How users reach it."),
    cool_down: Duration.default(3_600_000).describe(
      "No second failover of this service earlier than this after the last one ended.",
    ),
    fence_watch: Duration.default(7 * 86_400_000).describe(
      "How long the signed plan lets TwoKey keep watching for the return of the old region, to fence it.",
    ),
    links: z.array(Link).default([]).describe("Shown on the incident's card: dashboards, documents."),
  });
export type ServiceFile = z.infer<ReturnType<typeof serviceSchema>>;

/** A protected application with its name, and what was found of it outside the file. */
export interface Service extends ServiceFile {
  readonly name: string;
  /** Region that serves users on a normal day: the first of `regions`. */
  readonly home: Region;
  /** What AWS said of its resources, with its age; what the file says comes first. */
  readonly found: Found;
}

export function serviceFrom(name: string, file: ServiceFile, found: Found = NOTHING_FOUND): Service {
  const [home = ""] = file.regions;
  return { ...file, name, home, found };
}

/** The regions of a service beside this one, in the order of preference. */
export const besides = ({ regions }: Pick<Service, "regions">, region: Region): Region[] =>
  regions.filter((each) => each !== region);

/** A resource with its place in the service: `stores.stock`, `compute.api`, `entrance`. */
export interface PlacedResource {
  readonly id: string;
  readonly path: readonly string[];
  readonly role: "stores" | "compute" | "entrances";
  readonly resource: Resource;
}

/** Data first, users last: the order in which they are described, discovered and moved. */
export function resourcesOf(service: ServiceFile): PlacedResource[] {
  const named = (role: "stores" | "compute"): PlacedResource[] =>
    Object.entries(service[role]).map(([name, resource]) => {
      return { id: `${role}.${name}`, path: [role, name], role, resource };
    });
  return [
    ...named("stores"),
    ...named("compute"),
    { id: "entrance", path: ["entrance"], role: "entrances", resource: service.entrance },
  ];
}
