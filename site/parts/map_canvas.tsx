// Maps of numbers on a 2-D canvas: [maps, height, width] as tiles, or a row of numbers as bars. A cursor moves over the cells by
// pointer and arrow keys; boxes mark cells. It is one stop of the Tab key, however many maps there are.

import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { atlasOf, type Box, type Cell, cellAt, moved } from "./atlas.ts";
import type { Scale } from "./colours.ts";
import { drawAtlas, scratchOf } from "./map_drawing.ts";
import "./map_canvas.css";

export interface MapCanvasProps {
  /** [maps, height, width], row-major. NaN: no cell there. */
  readonly values: ArrayLike<number>;
  readonly maps?: number;
  readonly height: number;
  readonly width: number;
  /** Name for those who cannot see it. */
  readonly label: string;
  readonly scale: Scale;
  /** Pixels that the longer side of a map should have. */
  readonly tile: number;
  /** Maps in a row; as many as fit where it is missing. */
  readonly columns?: number;
  readonly bars?: boolean;
  readonly cursor?: Cell | null;
  readonly boxes?: readonly Box[];
  /** The cursor was moved, by pointer or key. */
  readonly onCursor?: (cell: Cell) => void;
  /** Click, Enter or Space. By touch: a tap on the cell where the cursor is. */
  readonly onPick?: (cell: Cell) => void;
  /** Words for a cell, behind the map and for screen readers; without it there is no text. */
  readonly describe?: (cell: Cell, value: number) => string;
  /** The text is for screen readers only. */
  readonly hideText?: boolean;
}

const BAR_HEIGHT = 64;
/** Of the holder, in the style sheet. */
const PADDING = 5;
const FIRST: Cell = { map: 0, y: 0, x: 0 };

export function MapCanvas(props: MapCanvasProps) {
  const { values, maps = 1, height, width, label, scale, tile, columns, bars, cursor, boxes } = props;
  const holder = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [room, setRoom] = useState(0);
  const [said, setSaid] = useState("");
  const textId = useId();
  const focusable = props.onCursor !== undefined;

  useLayoutEffect(() => {
    const element = holder.current!;
    setRoom(element.clientWidth - 2 * PADDING);
    const observer = new ResizeObserver(() => setRoom(element.clientWidth - 2 * PADDING));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const atlas = useMemo(
    () => atlasOf({ maps, height, width, room, tile, columns, barHeight: bars ? BAR_HEIGHT : undefined }),
    [maps, height, width, room, tile, columns, bars],
  );
  const scratch = useMemo(
    () => (bars ? null : scratchOf(values, maps * height, width, scale)),
    [values, maps, height, width, scale.low, scale.high, scale.table, bars],
  );
  useEffect(() => {
    if (room > 0) drawAtlas(canvas.current!, atlas, { values, scale, scratch, cursor, boxes });
  }, [atlas, scratch, values, cursor, boxes, room]);

  /** Where the cursor was when it was here last: it comes back there with the focus. */
  const last = useRef<Cell>(FIRST);
  useEffect(() => {
    last.current = FIRST;
  }, [maps, height, width]);
  const valueAt = ({ map, y, x }: Cell) => values[(map * height + y) * width + x];
  const text = (cell: Cell) => props.describe?.(cell, valueAt(cell)) ?? "";
  const under = (event: PointerEvent | MouseEvent): Cell | null => {
    const box = canvas.current!.getBoundingClientRect();
    const cell = cellAt(atlas, event.clientX - box.left, event.clientY - box.top);
    return cell && !Number.isNaN(valueAt(cell)) ? cell : null;
  };
  const goTo = (cell: Cell) => {
    if (!cursor || cell.map !== cursor.map || cell.y !== cursor.y || cell.x !== cursor.x)
      props.onCursor?.(cell);
    last.current = cell;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Enter" || event.key === " ") {
      if (!props.onPick) return;
      event.preventDefault();
      props.onPick(cursor ?? last.current);
      return;
    }
    const cell = moved(atlas, cursor ?? last.current, event.key);
    if (!cell) return;
    event.preventDefault();
    if (Number.isNaN(valueAt(cell))) return;
    goTo(cell);
    setSaid(text(cell));
  };
  // A finger has no hover: its first tap moves the cursor, a tap on the same cell picks.
  const pressed = useRef<{ mouse: boolean; cursor: Cell | null }>({ mouse: true, cursor: null });
  const onPointerDown = (event: PointerEvent) => {
    pressed.current = { mouse: event.pointerType === "mouse", cursor: cursor ?? null };
  };
  const onClick = (event: MouseEvent) => {
    const cell = under(event);
    if (!cell) return;
    const { mouse, cursor: before } = pressed.current;
    const same = before && cell.map === before.map && cell.y === before.y && cell.x === before.x;
    goTo(cell);
    if (mouse || same) props.onPick?.(cell);
  };
  return (
    <div ref={holder} class="map-holder">
      <canvas
        ref={canvas}
        class={focusable ? "map active" : "map"}
        style={{ width: `${atlas.pixelWidth}px`, height: `${atlas.pixelHeight}px` }}
        role={focusable ? "application" : "img"}
        aria-roledescription={focusable ? "map of values" : undefined}
        aria-label={label}
        aria-describedby={props.describe && focusable ? textId : undefined}
        tabIndex={focusable ? 0 : undefined}
        onFocus={focusable && !cursor ? () => goTo(last.current) : undefined}
        onKeyDown={focusable ? onKeyDown : undefined}
        onPointerDown={focusable ? onPointerDown : undefined}
        onPointerMove={
          focusable
            ? (event) => {
                const cell = event.pointerType === "mouse" ? under(event) : null;
                if (cell) goTo(cell);
              }
            : undefined
        }
        onClick={focusable ? onClick : undefined}
      />
      {props.describe && focusable && (
        <>
          <p id={textId} class={props.hideText ? "visually-hidden" : "map-text mono"}>
            {cursor ? text(cursor) : ""}
          </p>
          <span class="visually-hidden" aria-live="polite">
            {said}
          </span>
        </>
      )}
    </div>
  );
}
