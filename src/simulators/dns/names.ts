/** Lower case, with the trailing dot, and `\052` (how Route 53 writes a wildcard) as `*`. */
export function canonicalName(name: string): string {
  const plain = name.toLowerCase().replaceAll("\\052", "*");
  return plain.endsWith(".") ? plain : `${plain}.`;
}

/** A canonical name as Route 53 lists it. */
export function listedName(name: string): string {
  return name.replaceAll("*", "\\052");
}

/** True for the zone's own name and every name below it. */
export function liesWithin(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}

/** `com.example.www.` for `www.example.com.`: the order of Route 53's lists. */
export function reversedLabels(name: string): string {
  return `${name.slice(0, -1).split(".").toReversed().join(".")}.`;
}

/** Load balancers also answer to `dualstack.` in front of their name; the console writes aliases that way. */
export function withoutDualstack(name: string): string {
  return name.startsWith("dualstack.") ? name.slice("dualstack.".length) : name;
}
