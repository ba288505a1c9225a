import type { Region } from "../../../../domain/service/region.ts";

/** One instance: an identifier alone names another database in each region. */
export interface InstanceRef {
  readonly region: Region;
  readonly instance: string;
}

/** A cross-region source is named by its ARN, which says the region too; one of the same region by its identifier. */
export function namesSource(source: string, { region, instance }: InstanceRef): boolean {
  return source === instance || (source.endsWith(`:db:${instance}`) && source.includes(`:rds:${region}:`));
}
