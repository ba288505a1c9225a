/** Why a file of ours cannot be read. */
export function sayUnreadFile(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return FILE[code] ?? "the disk does not give it";
}

const FILE: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "TwoKey's user may not read it",
  EPERM: "TwoKey's user may not read it",
  EISDIR: "it is a directory",
  EMFILE: "this process has too many files open",
};
