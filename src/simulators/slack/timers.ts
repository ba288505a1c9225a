/** Machine-time timers that all end with the simulator, so that a stopped one keeps no process alive. */
export class MachineTimers {
  /** Absent once stopped. */
  #running: Set<NodeJS.Timeout> | undefined = new Set();

  /** Runs `fire` once after `machineMs`, unless cancelled or stopped before; returns how to cancel. */
  after(machineMs: number, fire: () => void): () => void {
    const running = this.#running;
    if (!running) return () => undefined;
    const timer = setTimeout(() => {
      running.delete(timer);
      fire();
    }, machineMs);
    running.add(timer);
    return () => {
      clearTimeout(timer);
      running.delete(timer);
    };
  }

  /** Resolves after `machineMs`; never resolves once stopped, which leaves nothing behind. */
  sleep(machineMs: number): Promise<void> {
    return machineMs <= 0 ? Promise.resolve() : new Promise((resolve) => this.after(machineMs, resolve));
  }

  stop(): void {
    for (const timer of this.#running ?? []) clearTimeout(timer);
    this.#running = undefined;
  }
}
