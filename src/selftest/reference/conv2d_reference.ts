// conv2d and its gradients in float64, as six nested loops: what the kernels are judged by. Taps outside x are skipped.
import type { ConvGeometry } from "../../kernels/conv2d_geometry.ts";

type Numbers = ArrayLike<number>;

/** Calls `visit(y, x, weight)` with the flat indices of every product that the convolution sums. */
function products(g: ConvGeometry, visit: (y: number, x: number, weight: number) => void): void {
  for (let n = 0; n < g.n; n++) {
    for (let o = 0; o < g.o; o++) {
      for (let oy = 0; oy < g.oh; oy++) {
        for (let ox = 0; ox < g.ow; ox++) {
          const y = ((n * g.o + o) * g.oh + oy) * g.ow + ox;
          for (let ic = 0; ic < g.cg; ic++) {
            const plane = (n * g.c + Math.floor(o / g.og) * g.cg + ic) * g.h;
            for (let ky = 0; ky < g.kh; ky++) {
              const iy = oy * g.strideY + ky * g.dilationY - g.padY;
              if (iy < 0 || iy >= g.h) continue;
              for (let kx = 0; kx < g.kw; kx++) {
                const ix = ox * g.strideX + kx * g.dilationX - g.padX;
                if (ix < 0 || ix >= g.w) continue;
                visit(y, (plane + iy) * g.w + ix, ((o * g.cg + ic) * g.kh + ky) * g.kw + kx);
              }
            }
          }
        }
      }
    }
  }
}

export function forwardReference(
  x: Numbers,
  weight: Numbers,
  bias: Numbers | null,
  g: ConvGeometry,
): Float64Array {
  const y = new Float64Array(g.n * g.o * g.oh * g.ow);
  for (let i = 0; bias && i < y.length; i++) y[i] = bias[Math.floor(i / (g.oh * g.ow)) % g.o]!;
  products(g, (i, j, k) => (y[i]! += x[j]! * weight[k]!));
  return y;
}

export function dataGradientReference(dy: Numbers, weight: Numbers, g: ConvGeometry): Float64Array {
  const dx = new Float64Array(g.n * g.c * g.h * g.w);
  products(g, (i, j, k) => (dx[j]! += dy[i]! * weight[k]!));
  return dx;
}

export function weightGradientReference(x: Numbers, dy: Numbers, g: ConvGeometry): Float64Array {
  const dw = new Float64Array(g.o * g.cg * g.kh * g.kw);
  products(g, (i, j, k) => (dw[k]! += dy[i]! * x[j]!));
  return dw;
}
