import type { Region } from "../../../../domain/service/service.ts";
import { type AuroraAt, regionOf } from "./look.ts";

/** It lives in one region, so it could take over in no other. */
export function readiness({ resource }: AuroraAt, region: Region): string | undefined {
  const own = regionOf(resource);
  return region === own ? undefined : `${resource.in[own]?.id} has no copy in ${region}`;
}
