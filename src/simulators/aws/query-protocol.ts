/** A node of the dotted names: either a value or children by name. Maps, since names come from outside. */
type Node = string | Map<string, Node>;

/** What the shape of lists is called on the wire: Query wraps entries in a name, EC2 numbers them directly. */
export type ListStyle = "query" | "ec2";

/**
 * Decodes a form-encoded AWS Query request into nested parameters. `Filters.Filter.1.Name` and `Tags.member.1.Key`
 * become arrays under `Filters` and `Tags`; EC2's `IpPermissions.1.IpRanges.1.CidrIp` arrays of arrays.
 */
export function decodeQuery(body: string, style: ListStyle): Record<string, unknown> {
  const root = new Map<string, Node>();
  for (const [name, value] of new URLSearchParams(body)) put(root, name.split("."), value);
  return Object.fromEntries([...root].map(([name, node]) => [name, shape(node, style)]));
}

function put(root: Map<string, Node>, path: readonly string[], value: string): void {
  let node = root;
  for (const name of path.slice(0, -1)) {
    const next = node.get(name);
    const child = next instanceof Map ? next : new Map<string, Node>();
    if (child !== next) node.set(name, child);
    node = child;
  }
  node.set(path.at(-1) ?? "", value);
}

function shape(node: Node, style: ListStyle): unknown {
  if (typeof node === "string") return node;
  if (isList(node)) return inOrder(node).map((entry) => shape(entry, style));
  const [only, ...others] = node.values();
  // `Filters.Filter.1`: the single name between is the list's element, not a member of a structure.
  if (style === "query" && only instanceof Map && others.length === 0 && isList(only)) return shape(only, style);
  return Object.fromEntries([...node].map(([name, child]) => [name, shape(child, style)]));
}

function isList(node: Map<string, Node>): boolean {
  return node.size > 0 && [...node.keys()].every((name) => /^[1-9]\d*$/.test(name));
}

function inOrder(node: Map<string, Node>): Node[] {
  return [...node].sort(([a], [b]) => Number(a) - Number(b)).map(([, child]) => child);
}
