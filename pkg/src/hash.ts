import type { CpuModule } from "./wasm";

/** sha256 in lower-case hexadecimal: by the browser, which has it in machine code, where the page is a secure context. */
export async function sha256(bytes: Uint8Array, wasm: Pick<CpuModule, "sha256">): Promise<string> {
  const { subtle } = crypto as { subtle?: SubtleCrypto };
  if (!subtle) return wasm.sha256(bytes);
  const digest = new Uint8Array(await subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
