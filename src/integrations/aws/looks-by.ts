import type { SendOptions } from "./departure.ts";

/** A client of AWS that takes commands by whose names nothing is changed; every other command does not compile. */
export interface LooksBy<Sdk> {
  send<C extends Command>(command: C & Look<Sdk, C>, options?: SendOptions): Promise<OutputOf<C>>;
}

interface Command {
  resolveMiddleware(...how: never[]): (...args: never[]) => Promise<{ readonly output: unknown }>;
}
type OutputOf<C extends Command> = Awaited<ReturnType<ReturnType<C["resolveMiddleware"]>>>["output"];

type LookName = `${"Describe" | "Get" | "List"}${string}Command`;
/**
 * `unknown` for exactly one of the package's commands of such a name, else `never`. Being assignable to one is not enough: what
 * most of them ask for is optional, so a promotion would pass for a description.
 */
type Look<Sdk, C> = true extends { [Name in keyof Sdk & LookName]: IsSame<Made<Sdk[Name]>, C> }[keyof Sdk & LookName]
  ? unknown
  : never;
type Made<Class> = Class extends abstract new (...args: never[]) => infer Instance ? Instance : never;
type IsSame<One, Other> = (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false;
