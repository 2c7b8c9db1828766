// Geometry of the tiles: pixels to cells and back, and where the keys lead.

import { describe, expect, it } from "vitest";
import { atlasOf, boxOf, type Cell, cellAt, moved, rectOf } from "../../site/parts/atlas.ts";

const eight = atlasOf({ maps: 8, height: 14, width: 14, room: 260, tile: 56 });

describe("atlas", () => {
  it("fits tiles of whole pixels into the room", () => {
    expect(eight).toMatchObject({ columns: 4, cellWidth: 4, cellHeight: 4 });
    expect(eight.pixelWidth).toBeLessThanOrEqual(260);
  });

  it("keeps a given number of columns by smaller cells", () => {
    const filters = atlasOf({ maps: 64, height: 5, width: 5, room: 200, tile: 40, columns: 8 });
    expect(filters).toMatchObject({ columns: 8, cellWidth: 4 });
    expect(filters.pixelWidth).toBeLessThanOrEqual(200);
  });

  it("bars are as broad as the room allows", () => {
    const bars = atlasOf({ maps: 1, height: 1, width: 10, room: 204, tile: 0, barHeight: 64 });
    expect(bars).toMatchObject({ cellWidth: 20, cellHeight: 64 });
  });

  it("every cell is found under the middle of its rectangle", () => {
    for (const cell of [
      { map: 0, y: 0, x: 0 },
      { map: 5, y: 13, x: 2 },
      { map: 7, y: 6, x: 13 },
    ]) {
      const { x, y, width, height } = rectOf(eight, boxOf(cell));
      expect(cellAt(eight, x + width / 2, y + height / 2)).toEqual(cell);
    }
  });

  it("there is no cell between tiles and outside", () => {
    expect(cellAt(eight, 2 + 56 + 2, 10)).toBeNull();
    expect(cellAt(eight, -5, 10)).toBeNull();
    expect(cellAt(eight, 10, 10_000)).toBeNull();
  });

  it("arrow keys reach every cell of every map, and stop at the edges", () => {
    let cell: Cell = { map: 0, y: 0, x: 0 };
    for (let i = 0; i < 500; i++) cell = moved(eight, cell, "ArrowRight")!;
    expect(cell).toEqual({ map: 3, y: 0, x: 13 });
    for (let i = 0; i < 500; i++) cell = moved(eight, cell, "ArrowDown")!;
    expect(cell).toEqual({ map: 7, y: 13, x: 13 });
    for (let i = 0; i < 500; i++) cell = moved(eight, cell, "ArrowUp")!;
    for (let i = 0; i < 500; i++) cell = moved(eight, cell, "ArrowLeft")!;
    expect(cell).toEqual({ map: 0, y: 0, x: 0 });
    expect(moved(eight, cell, "PageDown")).toEqual({ map: 1, y: 0, x: 0 });
    expect(moved(eight, cell, "PageUp")).toEqual(cell);
    expect(moved(eight, cell, "End")).toEqual({ map: 0, y: 0, x: 13 });
    expect(moved(eight, cell, "Tab")).toBeNull();
  });
});
