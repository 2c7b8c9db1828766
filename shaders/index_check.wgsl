// Debug mode: notes the first index outside [0, end), unless `record` holds one already: record = (site, position, bits of
// the index), site 0 for none. The least position, whatever the order of the threads. Reports: src/gpu/index_reports.ts.
// Grid: one workgroup.
// @variant HAS_IGNORED=true
@group(0) @binding(0) var<storage, read> index: array<i32>;
@group(0) @binding(1) var<storage, read_write> record: array<u32>;

struct Params { size: u32, end: i32, ignored: i32, site: u32 }
@group(0) @binding(2) var<uniform> params: Params;

override WG: u32 = 256;
const HAS_IGNORED: bool = false;

// size - position of the first; 0 for none: workgroup memory starts at zero.
var<workgroup> rest: atomic<u32>;

@compute @workgroup_size(WG)
fn main(@builtin(local_invocation_id) lid: vec3<u32>) {
  for (var i = lid.x; i < params.size; i += WG) {
    let r = index[i];
    if (HAS_IGNORED && r == params.ignored) { continue; }
    if (r < 0 || r >= params.end) {
      atomicMax(&rest, params.size - i);
      break;
    }
  }
  workgroupBarrier();
  let found = atomicLoad(&rest);
  if (lid.x > 0u || found == 0u || record[0] != 0u) { return; }
  let position = params.size - found;
  record[0] = params.site;
  record[1] = position;
  record[2] = bitcast<u32>(index[position]);
}
