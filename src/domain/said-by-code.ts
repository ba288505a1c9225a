/** What people read where somebody else gives one of these codes. */
export const saidByCode = (words: string, codes: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(codes.map((code) => [code, words]));
