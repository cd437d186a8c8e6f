// Where the package's own files are: in `assets`, or beside the script. Each address is spelt out, because bundlers look for these very
// words to carry a file along; and each is a function of its own, so that an entry that does not need a file does not carry it.
type Assets = string | undefined;

export const cpuFile = (assets: Assets) => inFolder("headstart_cpu_bg.wasm", assets) ?? new URL("./headstart_cpu_bg.wasm", import.meta.url);
export const relaxedFile = (assets: Assets) => inFolder("headstart_relaxed_bg.wasm", assets) ?? new URL("./headstart_relaxed_bg.wasm", import.meta.url);
export const learnerFile = (assets: Assets) => inFolder("headstart_learner_bg.wasm", assets) ?? new URL("./headstart_learner_bg.wasm", import.meta.url);
export const learnerRelaxedFile = (assets: Assets) => inFolder("headstart_learner_relaxed_bg.wasm", assets) ?? new URL("./headstart_learner_relaxed_bg.wasm", import.meta.url);
export const gpuFile = (assets: Assets) => inFolder("headstart_gpu_bg.wasm", assets) ?? new URL("./headstart_gpu_bg.wasm", import.meta.url);

function inFolder(name: string, assets: Assets): URL | undefined {
  return assets === undefined ? undefined : new URL(name, assets);
}
