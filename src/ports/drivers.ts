/** Which process drives which run, and whether it is still there. */
export interface Drivers {
  /** This process drives the run from now on. */
  begins(run: string): Promise<void>;
  ends(run: string): Promise<void>;
  /** Runs whose driver, another process, has no connection to the store any more. */
  orphans(): Promise<readonly string[]>;
}
