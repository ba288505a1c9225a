/** The store of orders of `every-kind`, with an account of TwoKey's own as that of guests has. */
export const accountInOrders = (text: string): string =>
  text.replace(
    "      orders:\n        kind: rds-replica\n",
    (store) =>
      `${store}        end_sessions: connection\n        connection: { user: twokey, password: DATABASE_GUESTS, ca_file: /etc/twokey/rds-bundle.pem }\n`,
  );

/** The store of guests, whose copy may be behind as far as that of orders. */
export const patientGuests = (text: string): string =>
  text.replace("rpo: 1m # stricter than the service's own objective", "rpo: 5m");

/**
 * The service `bookings` with its two stores and one of everything else: no worker, one public name, and no names of its stores. For
 * what is about the stores: each further part costs a run several hundred calls.
 */
export const fewBookings = (text: string): string => [WORKER, SECOND_NAME, STORE_NAMES].reduce(without, text);

const WORKER = / {6}mails: .*\n(?: {8}.*\n)+/g;
const SECOND_NAME = / {8}- name: tables\.example\.com\n(?: {10}.*\n)+/g;
const STORE_NAMES = / {8}name:\n {10}name: (?:orders|guests)\.bookings\.internal\n(?: {10}.*\n)+/g;

function without(text: string, part: RegExp): string {
  if (!text.match(part)) throw new Error(`the example has no ${part.source} any more`);
  return text.replaceAll(part, "");
}
