import { type FileHandle, open, stat } from "node:fs/promises";

interface Found {
  readonly path: string;
  readonly wholeBytes: number;
  readonly endsTorn: boolean;
}

/**
 * A file of lines that only grows, each durable when `append` resolves. A write that failed part-way is cut off before
 * anything else is written: in front of a later line, a piece of one would look like damage for ever.
 */
export class LineFile {
  readonly #file: FileHandle;
  #path: string;
  #wholeBytes: number;
  #endsTorn: boolean;

  private constructor(file: FileHandle, { path, wholeBytes, endsTorn }: Found) {
    this.#file = file;
    this.#path = path;
    this.#wholeBytes = wholeBytes;
    this.#endsTorn = endsTorn;
  }

  /** `wholeBytes`: up to the end of the last whole line; what lies behind it is cut off before the first append. */
  static async open(path: string, wholeBytes: number): Promise<LineFile> {
    const file = await open(path, "a", 0o600);
    const { size } = await file.stat();
    return new LineFile(file, { path, wholeBytes, endsTorn: size > wholeBytes });
  }

  get bytes(): number {
    return this.#wholeBytes;
  }

  /** One at a time. Throws what the file system said; then the line is not in the file, or is cut off at the next try. */
  async append(line: string): Promise<void> {
    await this.cutTornEnd();
    const bytes = Buffer.from(`${line}\n`);
    this.#endsTorn = true;
    try {
      await this.#file.appendFile(bytes);
      await this.#file.datasync();
      await this.#requireFound();
    } catch (error) {
      // A disk that is full lets a file become shorter. If not even that works, the next append tries before it writes.
      await this.cutTornEnd().catch(() => undefined);
      throw error;
    }
    this.#endsTorn = false;
    this.#wholeBytes += bytes.byteLength;
  }

  /** It was given another name. */
  renamed(path: string): void {
    this.#path = path;
  }

  /** What is removed or moved away takes lines all the same, where nobody finds them. */
  async #requireFound(): Promise<void> {
    const [ours, found] = await Promise.all([this.#file.stat({ bigint: true }), stat(this.#path, { bigint: true })]);
    if (found.ino !== ours.ino || found.dev !== ours.dev)
      throw Object.assign(new Error("Another file has its name"), { code: "ESTALE" });
  }

  async cutTornEnd(): Promise<void> {
    if (!this.#endsTorn) return;
    await this.#file.truncate(this.#wholeBytes);
    await this.#file.datasync();
    this.#endsTorn = false;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
