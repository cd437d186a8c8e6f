// Charts as files. Outside the page there are no tokens and no style sheet: what a chart looks like goes into it.
import { download } from "./download";

export const SVG = "http://www.w3.org/2000/svg";

export function element(name: string, attributes: Record<string, string | number>, text = ""): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.textContent = text;
  return made as SVGElement;
}

/** What of an element's computed style its picture depends on; each is an attribute of SVG too. */
const LOOKS = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-opacity",
  "stroke-width",
  "stroke-dasharray",
  "opacity",
  "font-family",
  "font-size",
  "font-weight",
  "font-variant",
  "text-anchor",
];

/** A copy of a chart in the page that looks the same anywhere, on the ground that it has there. */
export function inlined(chart: SVGSVGElement): SVGSVGElement {
  const copy = chart.cloneNode(true) as SVGSVGElement;
  const copies = [copy, ...copy.querySelectorAll("*")];
  for (const [i, element] of [chart, ...chart.querySelectorAll("*")].entries()) {
    const style = getComputedStyle(element);
    for (const name of LOOKS) copies[i]!.setAttribute(name, style.getPropertyValue(name));
    for (const name of ["style", "class"]) copies[i]!.removeAttribute(name);
  }
  copy.querySelectorAll("style").forEach((sheet) => sheet.remove());
  return grounded(copy, getComputedStyle(chart.closest(".panel") ?? document.body).backgroundColor);
}

/** Text that is light on a dark page would be lost on a white one. */
export function grounded(chart: SVGSVGElement, colour: string): SVGSVGElement {
  chart.prepend(element("rect", { width: "100%", height: "100%", fill: colour, stroke: "none" }));
  return chart;
}

export function saveSvg(chart: SVGSVGElement, name: string): void {
  download(asFile(chart), `${name}.svg`);
}

/** With two pixels for each of the page's. */
export async function savePng(chart: SVGSVGElement, name: string): Promise<void> {
  const { width, height } = chart.viewBox.baseVal;
  const url = URL.createObjectURL(asFile(chart));
  try {
    const picture = new Image();
    picture.src = url;
    await picture.decode();
    const canvas = new OffscreenCanvas(2 * width, 2 * height);
    canvas.getContext("2d")!.drawImage(picture, 0, 0, canvas.width, canvas.height);
    download(await canvas.convertToBlob({ type: "image/png" }), `${name}.png`);
  } finally {
    URL.revokeObjectURL(url);
  }
}

function asFile(chart: SVGSVGElement): Blob {
  const { width, height } = chart.viewBox.baseVal;
  // Without these Firefox draws nothing on a canvas.
  chart.setAttribute("width", String(width));
  chart.setAttribute("height", String(height));
  return new Blob([new XMLSerializer().serializeToString(chart)], { type: "image/svg+xml" });
}
