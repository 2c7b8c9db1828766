// y[batch, m, n] = op(a) x op(b) (+ bias): TM rows x 8 columns a thread, in registers.
// What this step gains over matmul_tiled.wgsl: no shared memory and no barrier. Each value of a serves 8 multiply-adds and
// each of b TM; k runs four at a time, loads are vec4. 64 accumulators are the cap: more spill, and compile for seconds.
// Grid: 1-D folded, params.groups workgroups of WG lanes side by side along n: TM rows x (8 * WG) columns.

// import matmul_block.wgsl
// @variant TRANS_A=true A_VEC=false VA=f32
// @variant TRANS_B=true HAS_BIAS=true TM=4
// @variant TRANS_A=true A_VEC=false VA=f32 HAS_A_SUMS=true
// @variant TRANS_A=true TRANS_B=true A_VEC=false B_VEC=false VA=f32 VB=f32 K_TAIL=true

const WG: u32 = 16;
const TM: u32 = 8;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let w = wid.y * nwg.x + wid.x;
  if (w >= params.groups) { return; }
  let t = tile_of(w, TM, 8u * WG);
  // Lanes are neighbours in n four columns apart, and a thread's two blocks 4 * WG: loads of a wave are one run of memory.
  let col0 = t.col + lid.x * 4u;
  let col1 = col0 + 4u * WG;
  let at0 = cols_at(t.b_base, col0);
  let at1 = cols_at(t.b_base, col1);
  var rows: array<u32, TM>;
  var acc0: array<vec4<f32>, TM>;
  var acc1: array<vec4<f32>, TM>;
  var sums: array<vec4<f32>, TM>;
  // @unroll
  for (var i = 0u; i < TM; i++) {
    rows[i] = row_at(t.a_base, t.row + i);
  }
  for (var kk = t.k_begin; kk < t.k_end; kk += 4u) {
    let b0 = load_b(at0, kk, t.k_end);
    let b1 = load_b(at1, kk, t.k_end);
    // @unroll
    for (var i = 0u; i < TM; i++) {
      let v = load_a(rows[i], kk, t.k_end);
      if (HAS_A_SUMS) { sums[i] += v; }
      acc0[i] += v * b0;
      acc1[i] += v * b1;
    }
  }
  if (HAS_A_SUMS && lid.x == 0u) {
    // @unroll
    for (var i = 0u; i < TM; i++) {
      store_sum(t, t.row + i, sums[i]);
    }
  }
  // Stored in a loop: a text for every row would be most of the time to compile, the more so with an epilogue.
  var out0 = acc0;
  var out1 = acc1;
  for (var i = 0u; i < TM; i++) {
    store(t.y_base, t.row + i, col0, out0[i]);
    store(t.y_base, t.row + i, col1, out1[i]);
  }
}
