/** Sizes of RDS instance classes in their order; above these they are counted in `xlarge`. */
const SIZES = ["micro", "small", "medium", "large"];

/** Families by memory for a processor; burstable ones come last. Within a letter a newer generation is no smaller. */
const FAMILIES = "tcmrxz";

interface Class {
  readonly family: number;
  readonly size: number;
}

/** `db.r6g.2xlarge` → family `r`, twice an `xlarge`; undefined for what has no size of its own, such as `db.serverless`. */
function classOf(name: string): Class | undefined {
  const found = /^db\.([a-z])[a-z0-9-]*\.(?:(micro|small|medium|large)|(\d*)xlarge)\b/.exec(name);
  if (!found) return undefined;
  const [, letter = "", word, count = ""] = found;
  const size = word === undefined ? SIZES.length - 1 + Number(count || 1) : SIZES.indexOf(word);
  return { family: FAMILIES.indexOf(letter), size };
}

/** Fewer processors, or as many with less memory. False where one of the two says nothing about its size. */
export function isSmallerClass(name: string, than: string): boolean {
  const [one, other] = [classOf(name), classOf(than)];
  if (!one || !other) return false;
  if (one.size !== other.size) return one.size < other.size;
  return one.family >= 0 && other.family >= 0 && one.family < other.family;
}
