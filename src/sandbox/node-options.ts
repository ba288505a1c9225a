/** Whether a file is CommonJS its package says: nothing is read twice to find out. A fifth of a start. */
export const QUICKER_START = "--no-experimental-detect-module";

/**
 * As `npm start` and the image start the bot. Start-up leaves as much garbage as the bot lives on, and V8 lets it stand until its
 * first large collection, which a quiet bot may not reach for hours; two of these bring that collection forward
 * and limit no heap. After a large collection V8 lets the heap grow to several times what is in use, so that the bot took twice the memory beside
 * a thousand open incidents; the last one says by how much it may.
 */
export const BOT_OPTIONS = [
  QUICKER_START,
  "--max-semi-space-size=8",
  "--initial-old-space-size=32",
  "--heap-growing-percent=30",
] as const;

/**
 * The same of their environment. What V8 needs while it reads sources it gives back, and the C library keeps it: it raises these
 * limits as it goes unless they are said (bytes; `mallopt(3)`). Other C libraries than glibc pass over them.
 */
export const BOT_ENVIRONMENT = { MALLOC_MMAP_THRESHOLD_: "131072", MALLOC_TRIM_THRESHOLD_: "131072" } as const;
