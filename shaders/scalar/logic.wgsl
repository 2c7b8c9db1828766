// Scalar functions (scalar.wgsl): comparisons, casts, logic and shifts. Bools are u32 0/1; NaN compares false.

fn ordered(a: f32, b: f32) -> bool { return !(is_nan(a) || is_nan(b)); }
fn op_eq(a: T, b: T) -> u32 { return u32(a == b); }
fn op_ne(a: T, b: T) -> u32 { return u32(a != b); }
fn op_lt(a: T, b: T) -> u32 { return u32(a < b); }
fn op_le(a: T, b: T) -> u32 { return u32(a <= b); }
fn op_gt(a: T, b: T) -> u32 { return u32(a > b); }
fn op_ge(a: T, b: T) -> u32 { return u32(a >= b); }
fn op_eq_f32(a: f32, b: f32) -> u32 { return u32(ordered(a, b) && a == b); }
fn op_ne_f32(a: f32, b: f32) -> u32 { return 1u - op_eq_f32(a, b); }
fn op_lt_f32(a: f32, b: f32) -> u32 { return u32(ordered(a, b) && a < b); }
fn op_le_f32(a: f32, b: f32) -> u32 { return u32(ordered(a, b) && a <= b); }
fn op_gt_f32(a: f32, b: f32) -> u32 { return u32(ordered(a, b) && a > b); }
fn op_ge_f32(a: f32, b: f32) -> u32 { return u32(ordered(a, b) && a >= b); }

fn op_to_f32(x: T) -> f32 { return f32(x); }
fn op_to_i32(x: T) -> i32 { return i32(x); }
fn op_to_u32(x: T) -> u32 { return u32(x); }
fn op_to_bool(x: T) -> u32 { return u32(x != T(0)); }
fn op_to_bool_f32(x: f32) -> u32 { return u32((bitcast<u32>(x) << 1u) != 0u); } // NaN is true
fn op_logical_and(a: T, b: T) -> u32 { return u32(a != T(0)) & u32(b != T(0)); }
fn op_logical_or(a: T, b: T) -> u32 { return u32(a != T(0)) | u32(b != T(0)); }
fn op_logical_not(x: T) -> u32 { return u32(x == T(0)); }
fn op_logical_and_f32(a: f32, b: f32) -> u32 { return op_to_bool_f32(a) & op_to_bool_f32(b); }
fn op_logical_or_f32(a: f32, b: f32) -> u32 { return op_to_bool_f32(a) | op_to_bool_f32(b); }
fn op_logical_not_f32(x: f32) -> u32 { return 1u - op_to_bool_f32(x); }
fn op_logical_xor(a: T, b: T) -> u32 { return u32(a != T(0)) ^ u32(b != T(0)); }
fn op_logical_xor_f32(a: f32, b: f32) -> u32 { return op_to_bool_f32(a) ^ op_to_bool_f32(b); }
fn op_shift_left(a: T, b: T) -> T { return select(a << (u32(b) & 31u), T(0), u32(b) > 31u); }
// The sign fills in.
fn op_shift_right(a: T, b: T) -> T { return a >> min(u32(b), 31u); }
fn op_shift_right_u32(a: u32, b: u32) -> u32 { return select(a >> (b & 31u), 0u, b > 31u); }
