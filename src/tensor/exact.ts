// Natural logarithm, sine and cosine in f64 from + - * / alone, so that every host gives the same bits (engines differ
// in Math.log and Math.cos by an ulp). Polynomials of fdlibm (Sun Microsystems, 1993), as shortest f64: error below 1 ulp on the reduced
// range, below 2 ulp (4e-16 relative) in all. Not fast, and not for the GPU, whose functions are f32.

const LN2_HIGH = 0.6931471803691238; // the upper bits: k * LN2_HIGH is exact for |k| < 2^20
const LN2_LOW = 1.9082149292705877e-10;

/** Natural logarithm of a positive finite x; -Infinity at 0, NaN below. Bit-identical on every host. */
export function ln(x: number): number {
  if (!(x > 0) || x === Infinity) return x === 0 ? -Infinity : x > 0 ? x : NaN;
  // x = m 2^k with m in [sqrt(1/2), sqrt(2)): scaling by two is exact.
  let m = x;
  let k = 0;
  while (m < 2 ** -32) [m, k] = [m * 2 ** 32, k - 32];
  while (m >= 2 ** 32) [m, k] = [m * 2 ** -32, k + 32];
  while (m < Math.SQRT1_2) [m, k] = [m * 2, k - 1];
  while (m >= Math.SQRT2) [m, k] = [m * 0.5, k + 1];
  const f = m - 1;
  const s = f / (2 + f);
  const z = s * s;
  const r = z * (L[0] + z * (L[1] + z * (L[2] + z * (L[3] + z * (L[4] + z * (L[5] + z * L[6]))))));
  const half = 0.5 * f * f;
  return k * LN2_HIGH - (half - (s * (half + r) + k * LN2_LOW) - f);
}

const L = [
  0.6666666666666735, 0.3999999999940942, 0.2857142874366239, 0.22222198432149784, 0.1818357216161805,
  0.15313837699209373, 0.14798198605116586,
] as const;

/** cos(2 pi t) and sin(2 pi t) of t turns, 0 <= t < 1, written to out[0], out[1]. Bit-identical on every host. */
export function cosSinTurns(t: number, out: Float64Array): void {
  // t = quarter / 4 + rest with |rest| <= 1/8: exact, as the turn needs no reduction by pi.
  const quarter = Math.floor(4 * t + 0.5);
  const x = (4 * t - quarter) * (Math.PI / 2);
  const z = x * x;
  const sin = x + x * z * (S[0] + z * (S[1] + z * (S[2] + z * (S[3] + z * (S[4] + z * S[5])))));
  const tail = z * z * (C[0] + z * (C[1] + z * (C[2] + z * (C[3] + z * (C[4] + z * C[5])))));
  // 1 - z/2 loses bits: give them back (fdlibm's k_cos).
  const half = 0.5 * z;
  const w = 1 - half;
  const cos = w + (1 - w - half + tail);
  const odd = (quarter & 1) === 1;
  const [c, s] = odd ? [-sin, cos] : [cos, sin];
  out[0] = (quarter & 2) === 2 ? -c : c;
  out[1] = (quarter & 2) === 2 ? -s : s;
}

const S = [
  -0.16666666666666632, 0.00833333333332249, -0.0001984126982985795, 2.7557313707070068e-6,
  -2.5050760253406863e-8, 1.58969099521155e-10,
] as const;
const C = [
  0.0416666666666666, -0.001388888888887411, 2.480158728947673e-5, -2.7557314351390663e-7,
  2.087572321298175e-9, -1.1359647557788195e-11,
] as const;
