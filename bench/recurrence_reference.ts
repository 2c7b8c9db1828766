// float64 reference of an LSTM over a sequence (Hochreiter & Schmidhuber 1997): step by step, then back through time. Gates in
// PyTorch's order i, f, g, o; states start at zero.

export interface Size {
  readonly t: number;
  readonly b: number;
  readonly h: number; // of the input too
}

export interface Values {
  readonly x: Float64Array; // [t, b, h]
  readonly wIh: Float64Array; // [4 h, h]
  readonly wHh: Float64Array; // [4 h, h]
  readonly bias: Float64Array; // [4 h]
  readonly dy: Float64Array; // [t, b, h]
}

interface Forward {
  readonly y: Float64Array; // [t, b, h]
  readonly c: Float64Array; // [t, b, h]
  readonly gates: Float64Array; // [t, b, 4 h]
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
type Four = [i: number, f: number, g: number, o: number];

function gatesAt({ gates }: Pick<Forward, "gates">, h: number, row: number, j: number): Four {
  return [0, 1, 2, 3].map((k) => gates[row * 4 * h + k * h + j]!) as Four;
}

/** Rows are (step, sequence) pairs: `row - b` is the same sequence one step earlier. */
export function forwardReference({ t, b, h }: Size, { x, wIh, wHh, bias }: Values): Forward {
  const [y, c] = [new Float64Array(t * b * h), new Float64Array(t * b * h)];
  const gates = new Float64Array(t * b * 4 * h);
  for (let row = 0; row < t * b; row++) {
    const before = row - b;
    for (let g = 0; g < 4 * h; g++) {
      let z = bias[g]!;
      for (let j = 0; j < h; j++) {
        z += x[row * h + j]! * wIh[g * h + j]!;
        if (before >= 0) z += y[before * h + j]! * wHh[g * h + j]!;
      }
      gates[row * 4 * h + g] = g >= 2 * h && g < 3 * h ? Math.tanh(z) : sigmoid(z);
    }
    for (let j = 0; j < h; j++) {
      const [i, f, g, o] = gatesAt({ gates }, h, row, j);
      c[row * h + j] = f * (before >= 0 ? c[before * h + j]! : 0) + i * g;
      y[row * h + j] = o * Math.tanh(c[row * h + j]!);
    }
  }
  return { y, c, gates };
}

/** dx [t, b, h] for the cotangent dy. */
export function inputGradient(size: Size, values: Values): Float64Array {
  const { t, b, h } = size;
  const forward = forwardReference(size, values);
  const dx = new Float64Array(t * b * h);
  const [dh, dc, dz] = [new Float64Array(b * h), new Float64Array(b * h), new Float64Array(4 * h)];
  for (let row = t * b - 1; row >= 0; row--) {
    const s = row % b;
    for (let j = 0; j < h; j++) {
      const [i, f, g, o] = gatesAt(forward, h, row, j);
      const total = values.dy[row * h + j]! + dh[s * h + j]!;
      const tanh = Math.tanh(forward.c[row * h + j]!);
      const dcell = dc[s * h + j]! + total * o * (1 - tanh * tanh);
      dz[j] = dcell * g * i * (1 - i);
      dz[h + j] = dcell * (row >= b ? forward.c[(row - b) * h + j]! : 0) * f * (1 - f);
      dz[2 * h + j] = dcell * i * (1 - g * g);
      dz[3 * h + j] = total * tanh * o * (1 - o);
      dc[s * h + j] = dcell * f;
    }
    dx.set(times(dz, values.wIh, h), row * h);
    dh.set(times(dz, values.wHh, h), s * h);
  }
  return dx;
}

/** dz [4 h] times w [4 h, h]. */
function times(dz: Float64Array, w: Float64Array, h: number): Float64Array {
  const y = new Float64Array(h);
  dz.forEach((d, g) => {
    for (let j = 0; j < h; j++) y[j]! += d * w[g * h + j]!;
  });
  return y;
}
