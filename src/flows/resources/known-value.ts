import { UserError } from "../../domain/errors.ts";

/** A setting that the file may leave to AWS, where it is needed now. Throws UserError that names it. */
export function knownValue<T>(value: T | undefined, what: string): T {
  if (value !== undefined) return value;
  throw new UserError("not-discovered", `${what} is not known: it is neither in twokey.yaml nor discovered yet.`);
}
