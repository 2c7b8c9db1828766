// draw = key and offset of this step's random numbers, kept so that the gradients drop what the forward dropped, at a replay
// too. Grid: one thread.
@group(0) @binding(0) var<storage, read_write> draw: array<u32>;

struct Params { key_lo: u32, key_hi: u32, block_lo: u32, block_hi: u32 }
@group(0) @binding(1) var<uniform> params: Params;

@compute @workgroup_size(1)
fn main() {
  draw[0] = params.key_lo;
  draw[1] = params.key_hi;
  draw[2] = params.block_lo;
  draw[3] = params.block_hi;
}
