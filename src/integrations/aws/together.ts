import type { Region } from "../../domain/service/region.ts";
import { forEachOf, forLooks } from "../../ports/signals.ts";
import type { Caller } from "./caller.ts";
import type { SendOptions } from "./departure.ts";
import { CallFailed, type FailureKind } from "./errors.ts";

/** What AWS tells about many ids in one call. */
export interface Kind<Item> {
  readonly api: string;
  readonly region: Region;
  /** Ids that one call takes. */
  readonly most: number;
  /** One page about these ids; `from`: where it begins. One id alone is asked for by its name, so that AWS itself says that it is not there. */
  page(ids: readonly string[], from: string | undefined, options: SendOptions): Promise<Page<Item>>;
  isOf(item: Item, id: string): boolean;
  /** Where several items, or pages, tell of one id: what they say together. */
  join?(items: readonly Item[]): Item;
  /** Of what is not there AWS says nothing, also where it is asked for alone. */
  readonly isSilentOfAbsent?: true;
  /** AWS lets look at all of them or at none: what it refuses is refused for no single id's sake. */
  readonly isRefusedForAll?: true;
}

export interface Page<Item> {
  readonly items: readonly Item[] | undefined;
  /** Absent, or empty: the last one. */
  readonly next: string | undefined;
}

export interface Wish {
  readonly id: string;
  /** Completes "Could not …". */
  readonly doing: string;
  readonly signal?: AbortSignal | undefined;
}

/** What is refused for one id may be refused for its sake alone. */
const REFUSED: ReadonlySet<FailureKind> = new Set<FailureKind>(["auth", "refused", "absent"]);

/**
 * Reads of one kind, of one session in one region: those that are asked for in the same turn, or before the call leaves, leave as one.
 *  T1 what somebody is told was looked at after they asked: nobody joins a call that has left, and nothing is kept
 *  T2 who gives up ends their own wait; the call is given up when nobody waits for it any more
 *  T3 what is refused, or left out, for many is asked for one by one: it fails for nobody but who asked for it
 *  T4 who joins a call that waits already does not share the end of its wait: where its turn does not come, they ask again
 */
export class Together<Item> {
  readonly #caller: Pick<Caller, "read">;
  readonly #kind: Kind<Item>;
  /** Calls that have not left. */
  readonly #open = new Set<Shared<Item>>();

  constructor(caller: Pick<Caller, "read">, kind: Kind<Item>) {
    this.#caller = caller;
    this.#kind = kind;
  }

  /** Undefined: AWS has none. Throws CallFailed, or the signal's reason. */
  async ask(wish: Wish): Promise<Item | undefined> {
    for (;;) {
      const shared = this.#openFor(wish.id);
      const { isWaiting: isLate } = shared;
      try {
        return await shared.join(wish);
      } catch (error) {
        if (!isLate || !isHeldBack(error)) throw error;
      }
    }
  }

  /** Those that AWS has. Throws as `ask` does. */
  async askEach(ids: readonly string[], { doing, signal }: Omit<Wish, "id">): Promise<readonly Item[]> {
    const over = new AbortController();
    const one = forEachOf(ids.length, over.signal, ...(signal ? [signal] : []));
    try {
      const found = await Promise.all(ids.map((id) => this.ask({ id, doing, signal: one })));
      return found.filter((item) => item !== undefined);
    } catch (error) {
      // Nobody waits for the others any more.
      over.abort(error);
      throw error;
    }
  }

  /** By a call of its own that waits for nobody: a write hangs on it. */
  askAlone(wish: Wish): Promise<Item | undefined> {
    const shared = new Shared<Item>();
    const asked = shared.join(wish);
    void this.#look(shared, true);
    return asked;
  }

  /** One that has not left and has room for the id. */
  #openFor(id: string): Shared<Item> {
    for (const shared of this.#open) if (shared.takes(id, this.#kind.most)) return shared;
    const shared = new Shared<Item>();
    this.#open.add(shared);
    setImmediate(() => void this.#look(shared));
    return shared;
  }

  async #look(shared: Shared<Item>, isForWrite?: true): Promise<void> {
    shared.isWaiting = true;
    try {
      const items = await this.#read(shared, { isForWrite });
      const ids = this.#leave(shared);
      const isMissing = (id: string) =>
        ids.length > 1 && !this.#kind.isSilentOfAbsent && !items.some((item) => this.#kind.isOf(item, id));
      for (const id of ids) if (!isMissing(id)) shared.tell(id, this.#itemOf(id, ids, items));
      await this.#oneByOne(shared, ids.filter(isMissing));
    } catch (error) {
      const ids = this.#leave(shared);
      if (ids.length > 1 && !this.#kind.isRefusedForAll && isRefused(error)) await this.#oneByOne(shared, ids);
      else for (const id of ids) shared.fail(id, error);
    }
  }

  async #oneByOne(shared: Shared<Item>, ids: readonly string[]): Promise<void> {
    const each = ids.map(async (id) => {
      try {
        shared.tell(id, this.#itemOf(id, [id], await this.#read(shared, { ids: [id] })));
      } catch (error) {
        shared.fail(id, error);
      }
    });
    await Promise.all(each);
  }

  /** All pages. Without ids: those of everybody who has joined by the time that the call leaves. */
  async #read(
    shared: Shared<Item>,
    { ids, isForWrite }: { readonly ids?: readonly string[]; readonly isForWrite?: true | undefined },
  ): Promise<readonly Item[]> {
    const { api, region } = this.#kind;
    const ask = { api, region, doing: "look", signal: shared.signal, isForWrite };
    const found: Item[] = [];
    let from: string | undefined;
    do {
      const { items = [], next } = await this.#caller.read(ask, (options) =>
        this.#kind.page(ids ?? this.#leave(shared), from, options),
      );
      found.push(...items);
      from = next || undefined;
    } while (from !== undefined);
    return found;
  }

  #leave(shared: Shared<Item>): readonly string[] {
    this.#open.delete(shared);
    return shared.leave();
  }

  #itemOf(id: string, ids: readonly string[], items: readonly Item[]): Item | undefined {
    const own = ids.length === 1 ? items : items.filter((item) => this.#kind.isOf(item, id));
    return own.length > 1 && this.#kind.join ? this.#kind.join(own) : own[0];
  }
}

const isRefused = (error: unknown): boolean =>
  error instanceof CallFailed && error.failure.met === "answer" && REFUSED.has(error.failure.kind);

/** Nothing was sent: its turn did not come. */
const isHeldBack = (error: unknown): boolean => error instanceof CallFailed && error.failure.met === "held-back";

interface Waiter<Item> extends Wish {
  readonly told: (item: Item | undefined) => void;
  readonly failed: (error: unknown) => void;
}

/** One call, and who waits for it. */
class Shared<Item> {
  readonly #waiting = new Set<Waiter<Item>>();
  readonly #over = new AbortController();
  /** For its turn. */
  isWaiting = false;
  #ids: readonly string[] | undefined;

  /** Aborted when nobody waits any more. */
  get signal(): AbortSignal {
    return forLooks(this.#over.signal);
  }

  takes(id: string, most: number): boolean {
    if (this.#ids || this.signal.aborted) return false;
    const ids = this.#idsNow();
    return ids.length < most || ids.includes(id);
  }

  join(wish: Wish): Promise<Item | undefined> {
    const { signal } = wish;
    return new Promise((resolve, reject) => {
      const settling =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          signal?.removeEventListener("abort", giveUp);
          this.#waiting.delete(waiter);
          settle(value);
        };
      const waiter: Waiter<Item> = { ...wish, told: settling(resolve), failed: settling<unknown>(reject) };
      const giveUp = () => {
        waiter.failed(signal?.reason);
        if (this.#waiting.size === 0) this.#over.abort();
      };
      this.#waiting.add(waiter);
      if (signal?.aborted) giveUp();
      else signal?.addEventListener("abort", giveUp, { once: true });
    });
  }

  /** What the call is about; from here on nobody joins it. */
  leave(): readonly string[] {
    this.#ids ??= this.#idsNow();
    return this.#ids;
  }

  tell(id: string, item: Item | undefined): void {
    for (const waiter of this.#of(id)) waiter.told(item);
  }

  /** Each hears it of what they themselves asked for. */
  fail(id: string, error: unknown): void {
    for (const waiter of this.#of(id)) {
      const { doing } = waiter;
      waiter.failed(error instanceof CallFailed ? new CallFailed({ ...error.attempted, doing }, error.failure) : error);
    }
  }

  #of(id: string): readonly Waiter<Item>[] {
    return [...this.#waiting].filter((waiter) => waiter.id === id);
  }

  #idsNow(): readonly string[] {
    return [...new Set([...this.#waiting].map(({ id }) => id))];
  }
}
