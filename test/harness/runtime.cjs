const { isAbsolute } = require("node:path");
const vm = require("node:vm");
const { default: Runtime } = require("jest-runtime");

/** Jest's own modules belong to one suite. */
const isLibrary = (path) => isAbsolute(path) && /\/node_modules\/(?!@?jest|expect)/.test(path);

/**
 * Libraries are loaded once by each process, by Node itself: loading them for each suite took 2 s of CPU, and as much again until
 * V8 had compiled their busy parts. What is the product's or a test's own is loaded for each suite, as ever.
 */
module.exports = class SharedLibraries extends Runtime {
  constructor(...given) {
    super(...given);
    const { esmLoader } = this;
    const load = esmLoader.loadEsmModule.bind(esmLoader);
    const loadCjs = esmLoader.loadCjsAsEsm.bind(esmLoader);
    esmLoader.loadEsmModule = (path, suffix) => (isLibrary(path) ? once(path) : load(path, suffix));
    esmLoader.loadCjsAsEsm = (from, path, ...rest) => (isLibrary(path) ? once(path) : loadCjs(from, path, ...rest));
  }

  requireModuleOrMock(asking, path) {
    return isLibrary(path) ? require(path) : super.requireModuleOrMock(asking, path);
  }
};

const KNOWN = new Map();

function once(path) {
  if (!KNOWN.has(path)) KNOWN.set(path, loadedOnce(path));
  return KNOWN.get(path);
}

async function loadedOnce(path) {
  const namespace = await import(path);
  const names = Object.keys(namespace);
  const module = new vm.SyntheticModule(
    names,
    function tell() {
      for (const name of names) this.setExport(name, namespace[name]);
    },
    { identifier: path },
  );
  await module.link(() => undefined);
  await module.evaluate();
  return module;
}
