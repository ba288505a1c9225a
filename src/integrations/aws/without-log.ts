interface Stack {
  remove(middleware: string): boolean;
}

/**
 * The SDK takes each input and output apart for its log, also where nobody has given it a logger: 3–4 % of what a run computes. Nothing
 * of TwoKey reads that log.
 */
export const WITHOUT_LOG = {
  applyToStack: (stack: Stack): void => {
    stack.remove("loggerMiddleware");
  },
};

/** The same client, which keeps no log of its calls. */
export function withoutLog<Client extends { readonly middlewareStack: Stack }>(client: Client): Client {
  WITHOUT_LOG.applyToStack(client.middlewareStack);
  return client;
}
