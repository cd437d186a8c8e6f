// The page's sample set: drawings of our own, so that a first visitor can train without a picture at hand. The same seed
// draws the same pictures on every machine.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const SIDE = 224;
const TRAIN = 16;
const TRY = 4;

/** Writes `train.zip` (a folder for each class) and `try.zip` (other drawings, mixed) into `folder`. */
export async function drawings(folder) {
  const { Resvg, initWasm } = await import("@resvg/resvg-wasm");
  await initWasm(readFileSync(createRequire(import.meta.url).resolve("@resvg/resvg-wasm/index_bg.wasm")));
  const png = (svg) => new Resvg(svg, { font: { loadSystemFonts: false } }).render().asPng();
  mkdirSync(folder, { recursive: true });
  const random = generator(20261123);
  const train = [];
  const others = [];
  for (const [name, draw] of Object.entries({ fish, house, tree })) {
    for (let i = 1; i <= TRAIN; i++) train.push([`${name}/${name}-${i}.png`, png(picture(draw, random))]);
    for (let i = 1; i <= TRY; i++) others.push([i, `another-${name}-${i}.png`, png(picture(draw, random))]);
  }
  others.sort((a, b) => a[0] - b[0]);
  writeFileSync(join(folder, "train.zip"), await zip(train));
  writeFileSync(join(folder, "try.zip"), await zip(others.map(([, ...file]) => file)));
}

async function zip(files) {
  const { BlobReader, BlobWriter, ZipWriter } = await import("@zip.js/zip.js");
  // PNG is compressed already; a fixed date keeps the bytes the same from build to build.
  const writer = new ZipWriter(new BlobWriter(), { level: 0, lastModDate: new Date(2026, 0, 1), extendedTimestamp: false });
  for (const [name, bytes] of files) await writer.add(name, new BlobReader(new Blob([bytes])));
  return new Uint8Array(await (await writer.close()).arrayBuffer());
}

/** Marsaglia's xorshift32 → numbers in [low, high). */
function generator(seed) {
  let state = seed;
  return (low, high) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return low + ((state >>> 0) / 2 ** 32) * (high - low);
  };
}

/** One thing, somewhere, in some colour, before some background: what tells the classes apart is the shape. */
function picture(draw, random) {
  const [sky, ground] = [random(0, 360), random(0, 360)];
  const spots = Array.from({ length: 6 }, () => {
    const [x, y, r] = [random(0, SIDE), random(0, SIDE), random(4, 22)];
    return `<circle cx="${x}" cy="${y}" r="${r}" fill="${hsl(random(0, 360), 45, random(55, 85))}" opacity="0.5"/>`;
  });
  const move = `translate(${random(86, 138)} ${random(86, 138)}) rotate(${random(-18, 18)}) scale(${random(0.75, 1.2)})`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${SIDE}" height="${SIDE}" viewBox="0 0 ${SIDE} ${SIDE}">
    <rect width="${SIDE}" height="${SIDE}" fill="${hsl(sky, 45, 82)}"/>
    <rect y="${random(120, 190)}" width="${SIDE}" height="${SIDE}" fill="${hsl(ground, 35, 68)}"/>
    ${spots.join("")}
    <g transform="${move}" stroke="#222" stroke-width="3" stroke-linejoin="round">${draw(random)}</g>
  </svg>`;
}

const colour = (random) => hsl(random(0, 360), random(45, 75), random(40, 62));

/** resvg reads no hsl() with fractions. */
function hsl(hue, saturation, light) {
  const part = (n) => {
    const k = (n + hue / 30) % 12;
    const value = light / 100 - (saturation / 100) * Math.min(light / 100, 1 - light / 100) * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(255 * value).toString(16).padStart(2, "0");
  };
  return `#${part(0)}${part(8)}${part(4)}`;
}

function fish(random) {
  const [long, high] = [random(48, 64), random(22, 36)];
  const face = random(0, 1) < 0.5 ? 1 : -1;
  const stripes = [-0.3, 0, 0.3].map((at) => `<path d="M${at * long} ${-high * 0.8} q8 ${high * 0.8} 0 ${high * 1.6}" fill="none"/>`);
  return `<g transform="scale(${face} 1)">
    <path d="M${-long * 0.8} 0 L${-long - 26} ${-high * 0.8} Q${-long - 12} 0 ${-long - 26} ${high * 0.8} Z" fill="${colour(random)}"/>
    <path d="M${-high * 0.4} ${-high * 0.9} q14 -24 34 -2 Z" fill="${colour(random)}"/>
    <ellipse rx="${long}" ry="${high}" fill="${colour(random)}"/>
    ${random(0, 1) < 0.6 ? stripes.join("") : ""}
    <circle cx="${long * 0.62}" cy="${-high * 0.25}" r="6" fill="#fff"/><circle cx="${long * 0.65}" cy="${-high * 0.25}" r="2.5" fill="#222"/>
  </g>`;
}

function house(random) {
  const [wide, high, roof] = [random(40, 58), random(34, 52), random(28, 46)];
  const window = (x) => `<rect x="${x - 9}" y="-8" width="18" height="18" fill="#fff3b0"/><path d="M${x} -8 v18 M${x - 9} 1 h18" fill="none"/>`;
  const chimney = `<rect x="${wide * 0.4}" y="${-roof - 22}" width="14" height="${roof}" fill="${colour(random)}"/>`;
  return `${random(0, 1) < 0.7 ? chimney : ""}
    <rect x="${-wide}" y="-20" width="${2 * wide}" height="${high + 20}" fill="${colour(random)}"/>
    <path d="M${-wide - 10} -20 L0 ${-20 - roof} L${wide + 10} -20 Z" fill="${colour(random)}"/>
    ${window(-wide * 0.55)}${window(wide * 0.55)}
    <rect x="-10" y="${high - 32}" width="20" height="32" fill="${colour(random)}"/>`;
}

function tree(random) {
  const trunk = `<rect x="-8" y="10" width="16" height="${random(44, 60)}" fill="${hsl(random(15, 40), 45, random(28, 42))}"/>`;
  const leaf = hsl(random(60, 170), random(35, 65), random(32, 52));
  if (random(0, 1) < 0.5) {
    const tiers = [0, 1, 2].map((i) => `<path d="M${-46 + i * 9} ${24 - i * 26} L0 ${-28 - i * 26} L${46 - i * 9} ${24 - i * 26} Z" fill="${leaf}"/>`);
    return trunk + tiers.join("");
  }
  const tufts = [[-26, 0], [26, 0], [0, -30], [-18, -34], [18, -34]].map(
    ([x, y]) => `<circle cx="${x + random(-5, 5)}" cy="${y + random(-5, 5)}" r="${random(24, 34)}" fill="${leaf}"/>`,
  );
  return trunk + tufts.join("");
}
