import * as Plot from "@observablehq/plot";

/** One picture with one description: Plot's names for its groups are none that a reader may be told. */
export function plotted(options: Plot.PlotOptions): SVGSVGElement {
  const chart = Plot.plot(options) as unknown as SVGSVGElement;
  chart.setAttribute("role", "img");
  chart.querySelectorAll("g[aria-label]").forEach((group) => group.removeAttribute("aria-label"));
  return chart;
}
