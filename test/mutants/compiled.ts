import { join } from "node:path";
import { API, type Snapshot } from "typescript/unstable/sync";
import { type Mutant, ROOT, replaced } from "./instrument.ts";

/** What only the compiler's own tidiness refuses: something unused, something that is never reached. */
const TIDINESS = new Set([6133, 6138, 6192, 6196, 6198, 6199, 6205, 7027, 7028]);

/** Asks the compiler about one changed file at a time, some 40 ms each. To be closed. */
export class Compiler {
  readonly #texts: ReadonlyMap<string, string>;
  readonly #config = join(ROOT, "tsconfig.json");
  readonly #api: API;
  /** Kept until there is the next one, which takes over what is the same. */
  #snapshot: Snapshot;
  /** The file that is changed now, and its text. */
  #changed: { readonly path: string; readonly text: string } | undefined;

  constructor(texts: ReadonlyMap<string, string>) {
    this.#texts = texts;
    const readFile = (path: string) => (path === this.#changed?.path ? this.#changed.text : undefined);
    this.#api = new API({ cwd: ROOT, fs: { readFile } });
    this.#snapshot = this.#api.updateSnapshot({ openProjects: [this.#config] });
  }

  /** Whether the file with this change in it still compiles. One that does not is a change that nobody can make. */
  compiles(mutant: Pick<Mutant, "file" | "from" | "to" | "becomes">): boolean {
    const path = join(ROOT, mutant.file);
    const before = this.#changed?.path;
    this.#changed = { path, text: replaced(this.#texts.get(mutant.file) ?? "", mutant) };
    const changed = before === undefined || before === path ? [path] : [path, before];
    const snapshot = this.#api.updateSnapshot({ fileChanges: { changed } });
    this.#snapshot.dispose();
    this.#snapshot = snapshot;
    const program = snapshot.getProject(this.#config)?.program;
    if (program === undefined) throw new Error(`The compiler does not know ${this.#config}`);
    const errors = [...program.getSyntacticDiagnostics(path), ...program.getSemanticDiagnostics(path)];
    return errors.every(({ code }) => TIDINESS.has(code));
  }

  close(): void {
    this.#api.close();
  }
}
