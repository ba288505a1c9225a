/** A run, and the process that drives it. */
export interface Driven {
  readonly run: string;
  readonly driver: string;
}

/** Which process drives which run, and whether it is still there. */
export interface Drivers {
  /** This process drives the run from now on. */
  begins(run: string): Promise<void>;
  /** Changes nothing where another process has taken it over. */
  ends(run: string): Promise<void>;
  /** Runs whose driver, another process, has no connection to the store. Empty where that cannot be told. */
  orphans(): Promise<readonly Driven[]>;
  /** True for one of all that try: this process stands in the dead one's place. */
  succeed(orphan: Driven): Promise<boolean>;
}
