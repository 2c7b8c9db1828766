// A picture of 28x28 to draw on: with the pointer, or with the arrow keys, which move a pen that space puts down and lifts.

import { useEffect, useRef, useState } from "preact/hooks";
import { SIDE, stroke } from "./ink.ts";
import { paintGrey } from "./picture.tsx";
import "./draw_pad.css";

interface DrawPadProps {
  /** The drawing; the pad draws into a copy and hands that on. */
  readonly pixels: Uint8Array;
  readonly onDraw: (pixels: Uint8Array) => void;
}

interface Pen {
  readonly x: number;
  readonly y: number;
  readonly down: boolean;
}

const MOVES: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export function DrawPad({ pixels, onDraw }: DrawPadProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const last = useRef<readonly [number, number] | null>(null);
  const current = useRef(pixels);
  current.current = pixels;
  const [pen, setPen] = useState<Pen | null>(null);
  useEffect(() => {
    if (canvas.current) paintGrey(canvas.current, pixels, SIDE, SIDE);
  }, [pixels]);

  const draw = (x0: number, y0: number, x1: number, y1: number) => {
    const next = current.current.slice();
    stroke(next, x0, y0, x1, y1);
    current.current = next;
    onDraw(next);
  };
  const place = (event: PointerEvent): readonly [number, number] => {
    const box = canvas.current!.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * SIDE, ((event.clientY - box.top) / box.height) * SIDE];
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const { x, y, down } = pen ?? { x: SIDE / 2, y: SIDE / 2, down: false };
    const move = MOVES[event.key];
    if (move) {
      const to = { x: clamp(x + move[0]), y: clamp(y + move[1]), down };
      if (down) draw(x, y, to.x, to.y);
      setPen(to);
    } else if (event.key === " ") {
      if (!down) draw(x, y, x, y);
      setPen({ x, y, down: !down });
    } else return;
    event.preventDefault();
  };

  return (
    <div class="pad">
      <div class="pad-box">
        {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: its keys draw, as no native control does */}
        <canvas
          ref={canvas}
          width={SIDE}
          height={SIDE}
          tabIndex={0}
          role="application"
          aria-label="Pad to draw on. Arrow keys move the pen, space puts it down and lifts it."
          onKeyDown={onKeyDown}
          onFocus={() => setPen((p) => p ?? { x: SIDE / 2, y: SIDE / 2, down: false })}
          onBlur={() => setPen(null)}
          onPointerDown={(event) => {
            if (event.button !== 0) return;
            event.currentTarget.setPointerCapture(event.pointerId);
            const [x, y] = (last.current = place(event));
            draw(x, y, x, y);
          }}
          onPointerMove={(event) => {
            if (!last.current) return;
            const [x, y] = place(event);
            draw(...last.current, x, y);
            last.current = [x, y];
          }}
          onPointerUp={() => (last.current = null)}
          onPointerCancel={() => (last.current = null)}
        />
        {pen && (
          <span
            class={`pad-pen ${pen.down ? "pad-pen-down" : ""}`}
            aria-hidden="true"
            style={{ left: `${(100 * pen.x) / SIDE}%`, top: `${(100 * pen.y) / SIDE}%` }}
          />
        )}
      </div>
      <p class="visually-hidden" aria-live="polite">
        {pen && `Pen ${pen.down ? "down" : "up"}, row ${Math.round(pen.y)}, column ${Math.round(pen.x)}`}
      </p>
    </div>
  );
}

const clamp = (v: number): number => Math.min(SIDE - 0.5, Math.max(0.5, v));
