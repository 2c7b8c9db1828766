// Places for the labels of marks that may crowd: beside the mark where nothing lies there, else further away, with a line to it. Pure.

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface Mark {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

/** The middle of a label; `far`: so far from its mark that it needs a line. */
export interface Label {
  readonly x: number;
  readonly y: number;
  readonly far: boolean;
}

/** Of the text, in the units of the plot; generous, so that no font is wider. */
const CHARACTER = { width: 7, height: 11 };
/** Two numbers side by side must not read as one. */
const GAP = 4;
const TURNS = [-45, 0, 45, -90, 90, -135, 180, 135, -22, 22, -67, 67, -112, 112, -157, 157];
const NEAR = 13;
const DISTANCES = [NEAR, 22, 32, 44, 58];

/** One after the other, each at the first place that is free; above its mark where none is. */
export function placeLabels(
  marks: readonly Mark[],
  radius: number,
  within: Box,
  taken: readonly Box[] = [],
): Label[] {
  const inTheWay = [...marks.map(({ x, y }) => boxAround(x, y, 2 * radius, 2 * radius)), ...taken];
  return marks.map(({ x, y, text }) => {
    const width = CHARACTER.width * text.length + GAP;
    for (const distance of DISTANCES)
      for (const turn of TURNS) {
        const angle = (turn * Math.PI) / 180;
        const label = { x: x + distance * Math.cos(angle), y: y + distance * Math.sin(angle) };
        const box = boxAround(label.x, label.y, width, CHARACTER.height);
        const inside =
          box.left >= within.left &&
          box.right <= within.right &&
          box.top >= within.top &&
          box.bottom <= within.bottom;
        if (!inside || inTheWay.some((other) => overlap(box, other))) continue;
        inTheWay.push(box);
        return { ...label, far: distance > NEAR };
      }
    return { x, y: y - NEAR, far: false };
  });
}

export const boxAround = (x: number, y: number, width: number, height: number): Box => ({
  left: x - width / 2,
  right: x + width / 2,
  top: y - height / 2,
  bottom: y + height / 2,
});

const overlap = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
