export type OwnTurn = () => Promise<void>;

/**
 * Lets who waits go on in order, one in each turn of the event loop. Between two of them everything else is heard, such as a new
 * connection: Node takes only one of those in a turn (libuv since 1.45), so turns have to be short. In a storm a webhook that opened
 * a connection was seen to wait 5 to 47 times as long as one on an open connection (medians): documents come in together, since
 * Redis answers many clients after one fsync, and 50 of them were looked at in one turn.
 */
export function createTurns(): OwnTurn {
  const waiting: (() => void)[] = [];
  const next = () => {
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(next);
  };
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) setImmediate(next);
    });
}

/** There is one event loop, whatever is looked at. */
export const ownTurn = createTurns();
