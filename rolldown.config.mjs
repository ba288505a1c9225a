import { defineConfig } from "rolldown";

/** Packages by name: each is a file, with what it brings along, so that none is so large that reading it takes much memory. */
const packageOf = (id) =>
  /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(id)?.[1]?.replace("/", "-") ?? null;

/**
 * The bot as it runs: only what it uses of its packages. Of the AWS SDK that is a small part, and a process holds the source of
 * each file that it reads.
 */
export default defineConfig({
  input: { main: "src/main.ts" },
  platform: "node",
  // Asked for by `pg` only where somebody wants it.
  external: ["pg-native"],
  resolve: { mainFields: ["module", "main"] },
  output: {
    dir: "dist/bot",
    cleanDir: true,
    format: "esm",
    minify: true,
    // Errors go by their names.
    keepNames: true,
    sourcemap: true,
    chunkFileNames: "[name].js",
    codeSplitting: { groups: [{ name: packageOf, debugName: "a file for each package" }] },
  },
});
