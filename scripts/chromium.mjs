// The browser the tests run in: Debian's Chromium, or the one that CHROMIUM names.
import { existsSync } from "node:fs";
import { Stop, tryRun } from "./run.mjs";

export const executable = process.env.CHROMIUM ?? "/usr/bin/chromium";

// Headless, as root in a container, silent on the network; SwiftShader is a real WebGPU adapter in software.
export const args = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
// A green picture with a moving pie, and permission given.
export const fakeCamera = ["--use-fake-device-for-media-stream=device-count=2", "--use-fake-ui-for-media-stream"];
export const softwareGpu = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

export async function chromium() {
  if (existsSync(executable)) return "there";
  await tryRun("apt-get", ["update"]);
  await tryRun("apt-get", ["install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"]);
  if (!existsSync(executable)) {
    throw new Stop("Chromium is missing: `apt-get install chromium`, or set CHROMIUM to the program's path");
  }
  return "installed";
}
