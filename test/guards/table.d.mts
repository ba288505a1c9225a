export const GUARDS: readonly {
  readonly guard: string;
  readonly file: string;
  readonly cut: string;
  readonly by: string;
  readonly test: string;
  readonly fails: string;
}[];
