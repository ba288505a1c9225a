interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Source {
  readonly name: string;
  readonly content: string;
}

/** Every source with all of its mutants in it, each behind a switch. */
export function instrumentAll(
  files: readonly Source[],
  excludedMutations: readonly string[],
): Promise<{
  readonly files: readonly Source[];
  readonly mutants: readonly {
    readonly id: string;
    readonly fileName: string;
    readonly location: { readonly start: Place; readonly end: Place };
    readonly mutatorName: string;
    readonly replacement: string;
    /** Present where it is not to be tried, such as "Ignored". */
    readonly status?: string | undefined;
  }[];
}>;
