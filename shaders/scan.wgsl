// Running fold along one axis of x [outer, n, inner]: y_k = finish(combine of elements 0 .. k), or n-1 .. k with REVERSE.
// `combine` is associative. Rows are cut into chunks of one thread each: a first dispatch (TOTALS) leaves the fold of every
// chunk in y [outer, chunks, inner]; the second starts from the totals before its chunk. A fixed order: two runs are
// bit-identical. Grid: outer * chunks * inner threads, folded into y.
// @variant TOTALS=true REVERSE=true
alias T = f32; // stored
alias S = f32; // state of the fold
alias Y = f32; // of the result; S with TOTALS

@group(0) @binding(0) var<storage, read> a: array<T>;
@group(0) @binding(1) var<storage, read> b: array<T>;
@group(0) @binding(2) var<storage, read> totals: array<S>;
@group(0) @binding(3) var<storage, read_write> y: array<Y>;

struct Params { threads: u32, n: u32, inner: u32, chunk: u32, chunks: u32 }
@group(0) @binding(4) var<uniform> params: Params;

override WG: u32 = 64;
const TOTALS: bool = false;
const REVERSE: bool = false;
const HAS_B: bool = false;

fn none() -> S { return S(); }
fn combine(s: S, t: S) -> S { return s + t; }
// Of the element at `at`, in step k of its row; `link` is where its row's number for the step from the last element to this
// one stands: at itself, or behind it if REVERSE.
fn element(at: u32, link: u32, k: u32) -> S { return S(a[at]); }
fn finish(s: S) -> Y { return Y(s); }

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let thread = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (thread >= params.threads) { return; }
  let i = thread % params.inner;
  let row = thread / params.inner;
  let c = row % params.chunks;
  let outer = row / params.chunks;
  var s = none();
  if (!TOTALS) {
    for (var t = 0u; t < c; t++) { s = combine(s, totals[(outer * params.chunks + t) * params.inner + i]); }
  }
  let end = min((c + 1u) * params.chunk, params.n);
  for (var k = c * params.chunk; k < end; k++) {
    let at = (outer * params.n + select(k, params.n - 1u - k, REVERSE)) * params.inner + i;
    s = combine(s, element(at, at + select(0u, params.inner, REVERSE), k));
    if (!TOTALS) { y[at] = finish(s); }
  }
  if (TOTALS) { y[thread] = finish(s); }
}
