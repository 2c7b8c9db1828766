// Where the cells of several maps of one size lie on a canvas: maps as tiles in rows, cells as rectangles in a tile. Geometry alone,
// in CSS pixels.

export interface Cell {
  readonly map: number;
  readonly y: number;
  readonly x: number;
}

/** Cells [top, left, bottom, right) of one map. */
export interface Box {
  readonly map: number;
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

export interface Atlas {
  readonly maps: number;
  readonly height: number;
  readonly width: number;
  /** Tiles in a row. */
  readonly columns: number;
  /** Pixels of a cell. */
  readonly cellWidth: number;
  readonly cellHeight: number;
  /** Pixels of all. */
  readonly pixelWidth: number;
  readonly pixelHeight: number;
}

export interface AtlasOptions {
  readonly maps: number;
  readonly height: number;
  readonly width: number;
  /** Pixels there are across. */
  readonly room: number;
  /** Pixels that the longer side of a tile should have; cells are whole pixels. */
  readonly tile: number;
  /** Tiles in a row; as many as fit where it is missing. */
  readonly columns?: number;
  /** Bars: cells so high, and as broad as the room allows. */
  readonly barHeight?: number;
}

const GAP = 4;
const MOST_BAR_WIDTH = 28;
/** A frame around everything, for the cursor at the edge. */
const EDGE = 2;

export function atlasOf(options: AtlasOptions): Atlas {
  const { maps, height, width, tile, barHeight } = options;
  const room = Math.max(options.room - 2 * EDGE, 1);
  const most = options.columns ? (room + GAP) / Math.min(options.columns, maps) - GAP : room;
  const cellWidth = barHeight
    ? Math.min(MOST_BAR_WIDTH, Math.max(1, Math.floor(room / width)))
    : Math.max(1, Math.min(Math.floor(tile / Math.max(height, width)), Math.floor(most / width)));
  const cellHeight = barHeight ?? cellWidth;
  const fitting = Math.max(1, Math.floor((room + GAP) / (width * cellWidth + GAP)));
  const columns = Math.min(maps, options.columns ?? fitting);
  const rows = Math.ceil(maps / columns);
  return {
    ...{ maps, height, width, columns, cellWidth, cellHeight },
    pixelWidth: columns * (width * cellWidth + GAP) - GAP + 2 * EDGE,
    pixelHeight: rows * (height * cellHeight + GAP) - GAP + 2 * EDGE,
  };
}

/** Left top pixel of a tile. */
export function tileAt(atlas: Atlas, map: number): { x: number; y: number } {
  const { columns, width, height, cellWidth, cellHeight } = atlas;
  return {
    x: EDGE + (map % columns) * (width * cellWidth + GAP),
    y: EDGE + Math.floor(map / columns) * (height * cellHeight + GAP),
  };
}

/** The cell under a pixel; null between the tiles. */
export function cellAt(atlas: Atlas, px: number, py: number): Cell | null {
  const { columns, width, height, cellWidth, cellHeight, maps } = atlas;
  const pitch = [width * cellWidth + GAP, height * cellHeight + GAP];
  const column = Math.floor((px - EDGE) / pitch[0]);
  const row = Math.floor((py - EDGE) / pitch[1]);
  const x = Math.floor((px - EDGE - column * pitch[0]) / cellWidth);
  const y = Math.floor((py - EDGE - row * pitch[1]) / cellHeight);
  const map = row * columns + column;
  const inside = column >= 0 && column < columns && row >= 0 && map < maps;
  return inside && x >= 0 && x < width && y >= 0 && y < height ? { map, y, x } : null;
}

export function rectOf(atlas: Atlas, box: Box): { x: number; y: number; width: number; height: number } {
  const corner = tileAt(atlas, box.map);
  return {
    x: corner.x + box.left * atlas.cellWidth,
    y: corner.y + box.top * atlas.cellHeight,
    width: (box.right - box.left) * atlas.cellWidth,
    height: (box.bottom - box.top) * atlas.cellHeight,
  };
}

export const boxOf = ({ map, y, x }: Cell): Box => ({ map, top: y, left: x, bottom: y + 1, right: x + 1 });

/**
 * Where a key leads from a cell; null for keys that move nothing. Arrows go on into the neighbouring tile, Home and End along the
 * row of the tile, Page Up and Page Down from map to map.
 */
export function moved(atlas: Atlas, { map, y, x }: Cell, key: string): Cell | null {
  const { maps, height, width, columns } = atlas;
  const tile = (to: number, ny: number, nx: number): Cell =>
    to >= 0 && to < maps ? { map: to, y: ny, x: nx } : { map, y, x };
  switch (key) {
    case "ArrowLeft":
      if (x > 0) return { map, y, x: x - 1 };
      return map % columns > 0 ? tile(map - 1, y, width - 1) : { map, y, x };
    case "ArrowRight":
      if (x < width - 1) return { map, y, x: x + 1 };
      return map % columns < columns - 1 ? tile(map + 1, y, 0) : { map, y, x };
    case "ArrowUp":
      return y > 0 ? { map, y: y - 1, x } : tile(map - columns, height - 1, x);
    case "ArrowDown":
      return y < height - 1 ? { map, y: y + 1, x } : tile(map + columns, 0, x);
    case "Home":
      return { map, y, x: 0 };
    case "End":
      return { map, y, x: width - 1 };
    case "PageUp":
      return tile(map - 1, y, x);
    case "PageDown":
      return tile(map + 1, y, x);
    default:
      return null;
  }
}
