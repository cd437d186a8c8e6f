import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useId, useMemo, useRef, useState } from "react";
import { resolve } from "./marks";
import { type Area, type Direction, type Dot, beside, nearest, placed, within } from "./placed";

interface Props {
  dots: readonly Dot[];
  picked: ReadonlySet<string>;
  /** What it shows, in a sentence. */
  label: string;
  /** With Shift, `more`: to those that are picked already. */
  onPick: (ids: readonly string[], more: boolean) => void;
  /** Of one, to pick it or leave it. */
  onToggle: (id: string) => void;
  /** What a dot is, in words and to look at. */
  words: (id: string) => string;
  show: (id: string) => ReactNode;
}

/**
 * The samples as dots; a rectangle drawn over some picks them, a press the nearest one; arrow keys go from dot to dot, and
 * Space picks. A canvas, since thousands of elements would take the page a second: to a screen reader it is a list of which
 * it is told the one that the keys are on.
 */
export function DotMap({ dots, picked, label, onPick, onToggle, words, show }: Props) {
  const option = useId();
  const [on, setOn] = useState<string | null>(null);
  const [keyed, setKeyed] = useState(false);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [from, setFrom] = useState<{ x: number; y: number } | null>(null);
  const [area, setArea] = useState<Area | null>(null);
  const here = useMemo(() => placed(dots, size.width, size.height), [dots, size]);

  useEffect(() => {
    const resized = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      setSize({ width, height });
    });
    resized.observe(canvas.current!);
    return () => resized.disconnect();
  }, []);

  useEffect(() => {
    if (size.width === 0) return undefined;
    const redraw = () => draw(canvas.current!, here, picked, size);
    redraw();
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", redraw);
    return () => scheme.removeEventListener("change", redraw);
  }, [here, picked, size]);

  const current = here.find((dot) => dot.id === on) ?? here[0];
  const go = (to: Dot | null | undefined, picking: boolean) => {
    if (!to) return;
    setOn(to.id);
    if (picking) onPick([to.id], true);
  };
  const press = (event: KeyboardEvent) => {
    if (!current || event.ctrlKey || event.metaKey || event.altKey) return;
    const { key, shiftKey } = event;
    if (key.startsWith("Arrow")) go(beside(here, current, key as Direction), shiftKey);
    else if (key === "Home" || key === "End") go([...here].sort((a, b) => a.x - b.x).at(key === "Home" ? 0 : -1), false);
    else if (key === " " || key === "Enter") onToggle(current.id);
    else if (key === "Escape") onPick([], false);
    else return;
    event.preventDefault();
    setKeyed(true);
  };
  const at = ({ nativeEvent }: PointerEvent) => ({ x: nativeEvent.offsetX, y: nativeEvent.offsetY });
  const drawn = (event: PointerEvent): Area | null => {
    if (!from) return null;
    const { x, y } = at(event);
    const [left, right] = [Math.min(from.x, x), Math.max(from.x, x)];
    const [top, bottom] = [Math.min(from.y, y), Math.max(from.y, y)];
    // A hand is not as still as that.
    return right - left < 5 && bottom - top < 5 ? null : { left, right, top, bottom };
  };
  const stop = () => {
    setFrom(null);
    setArea(null);
  };
  return (
    <div className="map-and-words">
      <div
        className="map"
        role="listbox"
        aria-multiselectable
        aria-label={label}
        aria-activedescendant={current && option}
        tabIndex={0}
        onKeyDown={press}
        onFocus={(event) => setKeyed(event.currentTarget.matches(":focus-visible"))}
        onBlur={() => setKeyed(false)}
      >
        <canvas
          ref={canvas}
          aria-hidden="true"
          onPointerDown={(event) => {
            if (event.button !== 0) return;
            event.currentTarget.setPointerCapture(event.pointerId);
            setKeyed(false);
            setFrom(at(event));
          }}
          onPointerMove={(event) => {
            if (from) return setArea(drawn(event));
            const { x, y } = at(event);
            const [under] = nearest(here, x, y);
            if (under) setOn(under);
          }}
          onPointerUp={(event) => {
            if (!from) return;
            const box = drawn(event);
            onPick(box ? within(here, box) : nearest(here, from.x, from.y), event.shiftKey);
            stop();
          }}
          onPointerCancel={stop}
        />
        {area && <div className="area" style={{ left: area.left, top: area.top, width: area.right - area.left, height: area.bottom - area.top }} />}
        {keyed && current && <div className="at" style={{ left: current.x, top: current.y }} />}
        {current && (
          <div id={option} className="unseen" role="option" aria-selected={picked.has(current.id)}>
            {words(current.id)}
          </div>
        )}
      </div>
      {/* Its room is kept: it changes with every mark that the mouse goes over. */}
      <div className="under" aria-hidden="true">
        {(keyed || on !== null) && current ? show(current.id) : <span className="note">Point at a mark to see it here, or go there with the arrow keys; Space picks it.</span>}
      </div>
    </div>
  );
}

function draw(canvas: HTMLCanvasElement, dots: readonly Dot[], picked: ReadonlySet<string>, { width, height }: { width: number; height: number }): void {
  const dense = devicePixelRatio;
  canvas.width = Math.round(width * dense);
  canvas.height = Math.round(height * dense);
  const context = canvas.getContext("2d")!;
  const colours = new Map<string, string>();
  const shapes = new Map<string, Path2D>();
  // The picked ones last, so that they lie on top.
  for (const on of [false, true]) {
    for (const { id, x, y, mark } of dots) {
      if (picked.has(id) !== on) continue;
      if (!colours.has(mark.colour)) colours.set(mark.colour, resolve(mark.colour, canvas.parentElement!));
      if (!shapes.has(mark.shape)) shapes.set(mark.shape, new Path2D(mark.shape));
      context.setTransform(dense, 0, 0, dense, x * dense, y * dense);
      context.globalAlpha = on || picked.size === 0 ? 0.85 : 0.3;
      context.fillStyle = colours.get(mark.colour)!;
      context.fill(shapes.get(mark.shape)!);
    }
  }
}
