// dst[dst_offset + i . dst_strides] = src[src_offset + i . src_strides] for every index i of a box: permute, slice, flip,
// pad, concat, repeat. Axes count from the innermost: axis 0 has `width` and is shared out, width / chunks elements to a thread.
// Grid: one thread per (index of axes 1 .. RANK-1, chunk of axis 0), folded into y.
// @variant RANK=1 T=vec4<u32>
// @variant RANK=3

// Bits, so that one text serves every dtype; vec4<u32> where axis 0 is contiguous on both sides.
alias T = u32;

@group(0) @binding(0) var<storage, read> src: array<T>;
@group(0) @binding(1) var<storage, read_write> dst: array<T>;

struct Params {
  threads: u32, chunks: u32, width: u32, src_offset: i32, dst_offset: i32, src0: i32, dst0: i32,
  size1: u32, src1: i32, dst1: i32,
  size2: u32, src2: i32, dst2: i32,
  size3: u32, src3: i32, dst3: i32,
  size4: u32, src4: i32, dst4: i32,
  size5: u32, src5: i32, dst5: i32,
  size6: u32, src6: i32, dst6: i32,
  size7: u32, src7: i32, dst7: i32,
}
@group(0) @binding(2) var<uniform> params: Params;

override WG: u32 = 64;
const RANK: u32 = 8;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let t = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (t >= params.threads) { return; }
  let first = t % params.chunks;
  let step0 = vec2<i32>(params.src0, params.dst0);
  var at = vec2<i32>(params.src_offset, params.dst_offset) + i32(first) * step0;
  var rest = t / params.chunks;
  if (RANK > 1u) {
    at += i32(rest % params.size1) * vec2<i32>(params.src1, params.dst1);
    rest /= params.size1;
  }
  if (RANK > 2u) {
    at += i32(rest % params.size2) * vec2<i32>(params.src2, params.dst2);
    rest /= params.size2;
  }
  if (RANK > 3u) {
    at += i32(rest % params.size3) * vec2<i32>(params.src3, params.dst3);
    rest /= params.size3;
  }
  if (RANK > 4u) {
    at += i32(rest % params.size4) * vec2<i32>(params.src4, params.dst4);
    rest /= params.size4;
  }
  if (RANK > 5u) {
    at += i32(rest % params.size5) * vec2<i32>(params.src5, params.dst5);
    rest /= params.size5;
  }
  if (RANK > 6u) {
    at += i32(rest % params.size6) * vec2<i32>(params.src6, params.dst6);
    rest /= params.size6;
  }
  if (RANK > 7u) {
    at += i32(rest % params.size7) * vec2<i32>(params.src7, params.dst7);
  }
  // A thread's elements lie `chunks` apart, so that neighbouring threads touch neighbouring words.
  let step = i32(params.chunks) * step0;
  for (var i = first; i < params.width; i += params.chunks) {
    dst[at.y] = src[at.x];
    at += step;
  }
}
