// Python with onnxruntime and PyTorch: what exported models are opened with in the tests. Idempotent.
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cache, root } from "./paths.mjs";
import { Stop, main, run, step, tryRun } from "./run.mjs";

const folder = join(cache, "python");
export const python = join(folder, "bin", "python");
const requirements = join(root, "tests", "python", "requirements.txt");
const debian = "/usr/bin/python3";

export async function pythonForTests() {
  const wanted = readFileSync(requirements, "utf8");
  const mark = join(folder, "made-from");
  if (existsSync(mark) && readFileSync(mark, "utf8") === wanted && (await has(python))) return "there";
  rmSync(folder, { recursive: true, force: true });
  // Debian's PyTorch is for the CPU, 150 MB with what it needs; pip's for Linux brings 3 GB for a GPU that is not here.
  const apt = (await tryRun("apt-get", ["--version"])) !== null;
  if (apt && !(await tryRun(debian, ["-c", "import torch, ensurepip"]))) {
    await tryRun("apt-get", ["update"]);
    const wait = ["-o", "DPkg::Lock::Timeout=600"];
    await tryRun("apt-get", ["install", "-y", ...wait, "--no-install-recommends", "python3-torch", "python3-venv"]);
  }
  if (apt) await run(debian, ["-m", "venv", "--system-site-packages", folder]);
  else await run("python3", ["-m", "venv", folder]);
  const packages = apt ? [] : ["torch", "numpy"];
  await run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements, ...packages]);
  if (!(await has(python))) {
    throw new Stop("PyTorch is missing: `apt-get install python3-torch python3-venv`, then try again");
  }
  writeFileSync(mark, wanted);
  return "installed";
}

const has = (program) => tryRun(program, ["-c", "import torch, onnxruntime, safetensors, tokenizers, PIL; print('yes')"]);

if (process.argv[1] === import.meta.filename) await main(() => step("Python with onnxruntime and PyTorch", pythonForTests));
