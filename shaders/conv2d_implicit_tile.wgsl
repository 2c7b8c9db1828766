// Library of the convolutions by implicit GEMM: the tiles in workgroup memory (8 KiB at most), and which outputs a thread has.
// Sums over k go in vectors of four neighbours in k, so a thread stores what it gathered at once, and reads eight channels
// and eight columns for 256 multiply-adds. A thread's rows and columns lie SIDE apart: neighbours read neighbours.

const WG: u32 = 64;
const SIDE: u32 = 8; // threads along each side of a workgroup
const TM: u32 = 8; // rows of a thread, and columns: 4 or 8
const TN: u32 = 8;
const QUADS: u32 = 4; // vectors along k in one turn
const ROWS: u32 = SIDE * TM;
const COLS: u32 = SIDE * TN;
const LEFT: u32 = ROWS * QUADS / WG; // vectors that a thread brings
const RIGHT: u32 = COLS * QUADS / WG;
const SUMS: u32 = TM * TN / 4;

// k / d by a product with its reciprocal, which is right up to 2^22: GPUs divide whole numbers in dozens of instructions, and
// constants in place of kernel sizes would be a pipeline each.
fn quotient(k: vec4u, reciprocal: f32) -> vec4u { return vec4u((vec4f(k) + 0.5) * reciprocal); }

const FOUR: vec4u = vec4u(0u, 1u, 2u, 3u);

var<workgroup> left: array<vec4f, ROWS * QUADS>; // [k / 4, row]
var<workgroup> right: array<vec4f, COLS * QUADS>; // [k / 4, column]

