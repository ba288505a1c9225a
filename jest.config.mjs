// ESM through swc; types are checked by `npm run types`, which covers the tests too.
export default {
  testEnvironment: "<rootDir>/test/harness/environment.cjs",
  runtime: "<rootDir>/test/harness/runtime.cjs",
  roots: ["<rootDir>/test"],
  testMatch: ["**/*.test.ts"],
  extensionsToTreatAsEsm: [".ts"],
  globalSetup: "<rootDir>/test/harness/global-setup.mjs",
  globalTeardown: "<rootDir>/test/harness/global-teardown.mjs",
  testSequencer: "<rootDir>/test/harness/sequencer.mjs",
  // Of two cores a fifth stood idle with three workers: scenarios wait for world time while others compute.
  maxWorkers: 4,
  // Only what hangs takes so long, on a busy machine too.
  testTimeout: 180_000,
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      {
        jsc: { parser: { syntax: "typescript" }, target: "es2023" },
        module: { type: "es6" },
        sourceMaps: "inline",
      },
    ],
  },
};
