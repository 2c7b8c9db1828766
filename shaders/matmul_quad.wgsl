enable subgroups;
// y[batch, m, n] = op(a) x op(b) (+ bias): 16 rows x 4 columns a thread, 16 x 16 a quad of lanes.
// What this step gains over matmul_register.wgsl: the four lanes of a quad need the same rows of a, so each loads a quarter
// and they swap registers: half the loads for the same 64 accumulators. Needs the feature `subgroups`, any subgroup size.
// Grid: 1-D folded, params.groups workgroups of WG lanes side by side along n: TM rows x (4 * WG) columns.

// import matmul_block.wgsl
// @variant TRANS_A=true A_VEC=false VA=f32
// @variant TRANS_B=true HAS_BIAS=true
// @variant TRANS_A=true A_VEC=false VA=f32 HAS_A_SUMS=true
// @variant TRANS_A=true TRANS_B=true A_VEC=false B_VEC=false VA=f32 VB=f32 K_TAIL=true

const WG: u32 = 16;
const TM: u32 = 16;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32,
) {
  let w = wid.y * nwg.x + wid.x;
  if (w >= params.groups) { return; }
  let t = tile_of(w, TM, 4u * WG);
  let q = lane & 3u;
  let col = t.col + lid.x * 4u;
  let at = cols_at(t.b_base, col);
  var rows: array<u32, TM>; // of four, the first is used: this lane's row g + q
  var acc: array<vec4<f32>, TM>; // acc[g + s] is row g + (q ^ s): a swap with lane q ^ s brings that row, for every lane
  var sums: array<vec4<f32>, TM>; // as rows
  // @unroll
  for (var g = 0u; g < TM; g += 4u) {
    rows[g] = row_at(t.a_base, t.row + g + q);
  }
  for (var kk = t.k_begin; kk < t.k_end; kk += 4u) {
    let block = load_b(at, kk, t.k_end);
    // @unroll
    for (var g = 0u; g < TM; g += 4u) {
      let v = load_a(rows[g], kk, t.k_end);
      if (HAS_A_SUMS) { sums[g] += v; }
      acc[g] += v * block;
      acc[g + 1u] += quadSwapX(v) * block;
      acc[g + 2u] += quadSwapY(v) * block;
      acc[g + 3u] += quadSwapDiagonal(v) * block;
    }
  }
  if (HAS_A_SUMS && lid.x < 4u) {
    // @unroll
    for (var g = 0u; g < TM; g += 4u) {
      store_sum(t, t.row + g + q, sums[g]);
    }
  }
  // Stored in a loop: a text for every row would be most of the time to compile, the more so with an epilogue.
  var out = acc;
  for (var r = 0u; r < TM; r++) {
    store(t.y_base, t.row + (r ^ q), col, out[r]);
  }
}
