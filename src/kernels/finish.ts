// The hook `finish` of shaders that store units of one or four elements: the epilogue (src/gpu/dispatch.ts, FusionRole)
// lane by lane. WGSL cannot say it for both in one text.

/** For units V of the shader that are scalars, and for vectors of four. */
export function finishHook(width: number): { readonly finish: string } {
  const lanes = [0, 1, 2, 3].map((k) => `epilogue(v[${k}], 4u * i + ${k}u)`);
  const value = width === 4 ? `V(${lanes.join(", ")})` : "epilogue(v, i)";
  return { finish: `fn finish(v: V, i: u32) -> V { return ${value}; }` };
}
