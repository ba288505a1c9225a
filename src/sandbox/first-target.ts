import { besides, type Region, type Service } from "../domain/service/service.ts";

/** Where a service goes from home while every region is ready: the one of highest priority. What a rehearsal is about. */
export function firstTarget(service: Pick<Service, "home" | "regions">): Region {
  const [first = service.home] = besides(service, service.home);
  return first;
}
