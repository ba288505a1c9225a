const vm = require("node:vm");
const { ModernFakeTimers } = require("@jest/fake-timers");
const { ModuleMocker } = require("jest-mock");

/** Where Jest wants a context: this one stands for that of the process itself. */
const OWN = vm.createContext();

/**
 * Suites run in the context of their process instead of one of their own, as the product does. So what `harness/runtime.cjs` loads
 * once can be shared: in a context of its own an error of a library would be no `Error`. Globals, variables and listeners that a
 * suite leaves are taken away.
 */
module.exports = class SharedContext {
  global = globalThis;
  moduleMocker = new ModuleMocker(globalThis);
  fakeTimers = null;
  #found = { globals: Object.getOwnPropertyDescriptors(globalThis), env: { ...process.env }, exit: process.exit };
  #listeners = new Map(process.eventNames().map((event) => [event, process.rawListeners(event)]));

  constructor({ projectConfig }) {
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
  }

  exportConditions() {
    return ["node", "node-addons"];
  }

  getVmContext() {
    return OWN;
  }

  async setup() {
    // Nothing has to be made: it is the process's own.
  }

  async teardown() {
    this.fakeTimersModern.dispose();
    const { globals, env, exit } = this.#found;
    process.exit = exit;
    for (const key of Reflect.ownKeys(globalThis)) if (!(key in globals)) Reflect.deleteProperty(globalThis, key);
    for (const key of Reflect.ownKeys(globals)) Reflect.defineProperty(globalThis, key, globals[key]);
    for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
    Object.assign(process.env, env);
    for (const event of process.eventNames())
      for (const listener of process.rawListeners(event))
        if (!this.#listeners.get(event)?.includes(listener)) process.removeListener(event, listener);
  }
};

const without = (key, options) => {
  if (options?.[key] !== OWN) return options;
  const { [key]: _own, ...others } = options;
  return others;
};
const { SourceTextModule, SyntheticModule, compileFunction } = vm;
vm.SourceTextModule = class extends SourceTextModule {
  constructor(code, options) {
    super(code, without("context", options));
  }
};
vm.SyntheticModule = class extends SyntheticModule {
  constructor(names, evaluate, options) {
    super(names, evaluate, without("context", options));
  }
};
vm.compileFunction = (code, parameters, options) =>
  compileFunction(code, parameters, without("parsingContext", options));
