import template from "../generated/page.js";

/** One self-contained page, from the parts that are the model's: both in base64. */
export function page(model: Blob, wasm: Blob): Blob {
  const [before, between, after] = template.split(/<!--(?:wasm|model)-->/) as [string, string, string];
  return new Blob([before, wasm, between, model, after], { type: "text/html" });
}
