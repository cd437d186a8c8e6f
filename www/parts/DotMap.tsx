import { type PointerEvent, useEffect, useMemo, useRef, useState } from "react";
import { resolve } from "./marks";
import { type Area, type Dot, nearest, placed, within } from "./placed";

interface Props {
  dots: readonly Dot[];
  picked: ReadonlySet<string>;
  /** What it shows, in a sentence. */
  label: string;
  /** With Shift, `more`: to those that are picked already. */
  onPick: (ids: readonly string[], more: boolean) => void;
}

/**
 * The samples as dots; a rectangle drawn over some picks them, a press the nearest one. A canvas, since thousands of
 * elements would take the page a second. For those without a pointer the classes beside it are buttons.
 */
export function DotMap({ dots, picked, label, onPick }: Props) {
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
    <div className="map">
      <canvas
        ref={canvas}
        role="img"
        aria-label={label}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          setFrom(at(event));
        }}
        onPointerMove={(event) => from && setArea(drawn(event))}
        onPointerUp={(event) => {
          if (!from) return;
          const box = drawn(event);
          onPick(box ? within(here, box) : nearest(here, from.x, from.y), event.shiftKey);
          stop();
        }}
        onPointerCancel={stop}
      />
      {area && <div className="area" style={{ left: area.left, top: area.top, width: area.right - area.left, height: area.bottom - area.top }} />}
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
