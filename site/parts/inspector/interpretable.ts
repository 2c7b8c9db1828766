// Rewrites of WGSL for wgsl_reflect 1.6, whose interpreter has some faults. None changes what the text computes, nor its lines:
// the stepper runs the result and shows the text that was compiled.

/** Behind a parameter's new name; taken off again where variables are shown. */
export const MARK = "_of_";

export function interpretable(wgsl: string): string {
  return (
    looped(renamed(wordByWord(wgsl)))
      .replace(/for \(;/g, "for (var no_start = 0u;") // it parses no loop without a start
      .replace(/\bblock\b/g, `block${MARK}word`) // it takes it for a keyword
      // It keeps vectors of u32 as f32, so that their bits are lost.
      .replace(/\(bitcast<vec4<u32>>\((\w+)\) & vec4\(0x7fffffffu\)\) == vec4\(0u\)/g, "$1 == vec4<f32>()")
      .replace(/\(bitcast<vec4<u32>>\((\w+)\) & vec4\(0x7fffffffu\)\) > vec4\(0x7f800000u\)/g, "$1 != $1")
      // It divides vectors of i32 without rounding towards zero (pool_window.wgsl).
      .replace(
        /return (max\(.*\)) \/ vec2i\((\w+), (\w+)\);/g,
        "let whole = $1; return vec2i(whole[0] / $2, whole[1] / $3);",
      )
      .replace(
        /return min\((\(.*\)) \/ vec2i\((\w+), (\w+)\) \+ 1, /g,
        "let whole = $1; return min(vec2i(whole[0] / $2, whole[1] / $3) + 1, ",
      )
      .replace(/(\(\*\w+\)\.\w+)\+\+/g, "$1 += 1")
      .replace(/([A-Za-z_]\w*(?:\.\w+|\[[^\]]*\])+)\+\+/g, "$1 += 1")
  ); // it counts up plain variables only
}

/**
 * Parameters of functions get names of their own: the interpreter evaluates the arguments of a call one by one among those it has
 * set, so that in `f(u.x, v.x)` a parameter called v hides the caller's v.
 */
function renamed(wgsl: string): string {
  let text = wgsl;
  for (const [whole, name] of wgsl.matchAll(/^fn (\w+)\(([^)@]*)\)[^{]*\{/gm)) {
    const from = text.indexOf(whole);
    const to = bodyEnd(text, from);
    const parameters = [...(whole.match(/\(([^)]*)\)/)?.[1] ?? "").matchAll(/(\w+)\s*:/g)].map((m) => m[1]);
    let body = text.slice(from, to);
    for (const p of parameters)
      body = body.replace(new RegExp(`(?<![\\w.])${p}\\b`, "g"), `${p}${MARK}${name}`);
    text = text.slice(0, from) + body + text.slice(to);
  }
  return text;
}

/** `while (c) {` as `loop { if (!(c)) { break; }`: a while is left after its first turn. */
function looped(wgsl: string): string {
  let text = wgsl;
  for (let at = text.search(/\bwhile \(/); at >= 0; at = text.search(/\bwhile \(/)) {
    const start = text.indexOf("(", at);
    let depth = 0;
    let end = start;
    do {
      if (text[end] === "(") depth++;
      else if (text[end] === ")") depth--;
      end++;
    } while (depth > 0);
    const body = text.indexOf("{", end) + 1;
    text = `${text.slice(0, at)}loop { if (!${text.slice(start, end)}) { break; }${text.slice(body)}`;
  }
  return text;
}

/**
 * philox.wgsl with arrays for its vectors of u32, whose bits would be lost; shifted by division, since it takes the highest bit for a
 * sign; and the low half of a product of 64 bits from parts of it, since it multiplies in float64. Arrays are set word by word.
 */
function wordByWord(wgsl: string): string {
  if (!wgsl.includes("fn philox4x32")) return wgsl;
  const next = `c${MARK}next`; // shown as c, which it becomes on the same line
  const set = [..."xyzw"].map((at) => `c.${at} = ${next}.${at};`).join(" ");
  const words = new RegExp(`\\b(counter|key|offset|c|k|p0|p1|r|${next})\\.([xyzw])\\b`, "g");
  return wgsl
    .replace(/k = k \+ vec2<u32>\((\w+), (\w+)\);/, "k.x = k.x + $1; k.y = k.y + $2;")
    .replace(/ c = (vec4<u32>\(.*\));/, ` let ${next} = $1; ${set}`)
    .replace("vec2<u32>(a * b, ", "vec2<u32>(al * bl + ((lh + hl) << 16u), ")
    .replace(/ >> (8|16)u\b/g, (_, bits) => ` / ${2 ** bits}u`)
    .replace(/\bvec([24])<u32>(?!\(kept)(?!>)/g, "array<u32, $1>")
    .replace(words, (_, name, at) => `${name}[${"xyzw".indexOf(at)}]`);
}

/** Behind the brace that closes the function. */
function bodyEnd(text: string, from: number): number {
  let depth = 0;
  for (let i = text.indexOf("{", from); i < text.length; i++) {
    if (text[i] === "{") depth++;
    else if (text[i] === "}" && --depth === 0) return i + 1;
  }
  return text.length;
}
