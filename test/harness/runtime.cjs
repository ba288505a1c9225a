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
    const known = new Map();
    esmLoader.loadEsmModule = (path, suffix) => {
      if (!isLibrary(path)) return load(path, suffix);
      if (!known.has(path)) known.set(path, loadedOnce(path));
      return known.get(path);
    };
  }

  requireModuleOrMock(asking, path) {
    return isLibrary(path) ? require(path) : super.requireModuleOrMock(asking, path);
  }
};

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
