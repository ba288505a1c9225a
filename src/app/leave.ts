/** Machine time in which a call of a disk, or a look-up of a name, that is under way may still end. */
const ENDS_WITHIN_MS = 1_000;
const LOOKS_EVERY_MS = 10;

/**
 * Ends this process, whatever hangs: Node waits at its end for each call in its threads, and one on a dead network disk never returns.
 * So the end waits for them outside of it, a second at most. What is to be said has been written before. Never resolves.
 */
export function leave(code: number): Promise<never> {
  const look = () => {
    if (!isUnderWay()) process.exit(code);
    setTimeout(look, LOOKS_EVERY_MS);
  };
  look();
  setTimeout(endAtOnce, ENDS_WITHIN_MS);
  return new Promise(() => undefined);
}

/** Every call in a thread, whatever it asks for: files and their ends, and look-ups by the system's resolver. */
const isUnderWay = (): boolean => process.getActiveResourcesInfo().some((name) => name.includes("Req"));

/** The first process of a container cannot kill itself: no signal of its own reaches it. An abort, which may write a core file, ends it. */
function endAtOnce(): never {
  process.kill(process.pid, "SIGKILL");
  process.abort();
}
