// How a class is drawn on the map: a colour and a shape, so that neither eye nor print needs both.
const COLOURS = 12;

/** Around 0, about as large as each other to the eye. */
const SHAPES = [
  "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0Z",
  "M-3.6,-3.6H3.6V3.6H-3.6Z",
  "M0,-4.8L4.4,3.4H-4.4Z",
  "M0,-5L4.4,0L0,5L-4.4,0Z",
  "M-1.5,-4.6H1.5V-1.5H4.6V1.5H1.5V4.6H-1.5V1.5H-4.6V-1.5H-1.5Z",
  "M0,4.8L-4.4,-3.4H4.4Z",
];

export interface Mark {
  /** A token. */
  readonly colour: string;
  /** A path of SVG. */
  readonly shape: string;
}

const REST: Mark = { colour: "--class-rest", shape: SHAPES[0]! };

/** Of the first so many classes, in the order of the page; the others and what has no label are grey. */
export function marksOf(names: readonly string[]): ReadonlyMap<string, Mark> {
  const named = names.filter((name) => name !== "");
  return new Map(
    names.map((name) => {
      const i = named.indexOf(name);
      return [name, i < 0 || i >= COLOURS ? REST : { colour: `--class-${i + 1}`, shape: SHAPES[i % SHAPES.length]! }];
    }),
  );
}

/** From cold to warm, by the number of their token. */
const LEVELS = [3, 6, 9, 5, 2];

/** Of ranges of numbers, the smallest first; what has none is grey. */
export function levelMarksOf(ranges: readonly string[]): ReadonlyMap<string, Mark> {
  const mark = (i: number): Mark => ({ colour: `--class-${LEVELS[Math.round((i * (LEVELS.length - 1)) / Math.max(1, ranges.length - 1))]}`, shape: SHAPES[i % SHAPES.length]! });
  return new Map([...ranges.map((name, i) => [name, mark(i)] as const), ["", REST] as const]);
}

/** What a token is here and now: a canvas does not know light from dark. */
export function resolve(token: string, near: Element): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  near.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
