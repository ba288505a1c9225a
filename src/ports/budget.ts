/** What all processes of one installation together allow themselves to ask of a vendor. */
export interface Budget {
  /**
   * Takes one call of `allowed` in the last minute of machine time and returns 0, or returns the milliseconds until one
   * is free. Rejects when nobody knows what the others have taken.
   */
  take(name: string, allowed: number): Promise<number>;
}
