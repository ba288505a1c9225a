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
