/** Loaded before a program: writes where each of its connections leads into a file, a line each. */
import { appendFileSync } from "node:fs";
import { Socket } from "node:net";

const { connect } = Socket.prototype;
Socket.prototype.connect = function noted(...given) {
  // Node's own modules hand on their arguments as one list.
  const [to] = Array.isArray(given[0]) ? given[0] : given;
  appendFileSync(process.env.CONNECTIONS_OF_THE_TEST, `${to.host ?? "localhost"}:${to.port ?? to.path}\n`);
  return connect.apply(this, given);
};
