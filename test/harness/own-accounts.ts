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
