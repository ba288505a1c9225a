/** The IPv6 address of a host that has both, in the range for documentation (RFC 3849). */
export const besides = (address: string): string => `2001:db8::${(Number(address.split(".")[3]) | 0).toString(16)}`;

/** Hands out addresses of a documentation range (RFC 5737), one a name, in the order asked. */
export function createAddressBook(prefix: "192.0.2" | "198.51.100" | "203.0.113"): (name: string) => string {
  const addresses = new Map<string, string>();
  return (name) => {
    const known = addresses.get(name);
    if (known) return known;
    const last = 10 + addresses.size;
    if (last > 254) throw new Error(`No address left in ${prefix}.0/24 for ${name}`);
    addresses.set(name, `${prefix}.${last}`);
    return `${prefix}.${last}`;
  };
}
