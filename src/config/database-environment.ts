import { Secret } from "../domain/secret.ts";
import { DATABASE_PASSWORD } from "../domain/service/resource.ts";

/** Passwords of TwoKey's own accounts in databases, by the variable that holds them. */
export type DatabasePasswords = Readonly<Record<string, Secret>>;

export const isDatabasePassword = (name: string): boolean => DATABASE_PASSWORD.test(name);

/** Which of them there are is said by twokey.yaml, which is read again while the process runs. */
export function databasePasswordsIn(present: Readonly<Record<string, string | undefined>>): DatabasePasswords {
  return Object.fromEntries(
    Object.entries(present).flatMap(([name, text]) =>
      isDatabasePassword(name) && text !== undefined ? [[name, new Secret(text)]] : [],
    ),
  );
}
