// The MobileNetV2 that npm `nsfwjs` ships (weights quantised to 8 bits), and three pictures for it, in closed form.

export interface TfjsModel {
  readonly modelTopology: unknown;
  readonly weightsManifest: readonly { readonly paths: string[]; readonly weights: unknown[] }[];
}

/** Its model.json, and the bytes of its one shard. */
export async function nsfwModel(): Promise<{ json: TfjsModel; shard: Uint8Array<ArrayBuffer> }> {
  const { MobileNetV2Model } = (await import("nsfwjs/models/mobilenet_v2")) as unknown as {
    MobileNetV2Model: {
      modelJson(): Promise<{ default: TfjsModel }>;
      weightBundles: (() => Promise<{ default: string }>)[];
    };
  };
  const { default: json } = await MobileNetV2Model.modelJson();
  const { default: text } = await MobileNetV2Model.weightBundles[0]!();
  return { json, shard: Uint8Array.from(Buffer.from(text, "base64")) };
}

export const SIZE = 224;
export const PICTURES = ["rings", "stripes and a sphere", "checks over a slope"];

/** Colours in [0, 1], [224, 224, 3]. */
export function picture(which: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(SIZE * SIZE * 3);
  for (let i = 0; i < out.length; i++) {
    const c = i % 3;
    const x = (Math.floor(i / 3) % SIZE) / SIZE - 0.5;
    const y = Math.floor(i / 3 / SIZE) / SIZE - 0.5;
    out[i] = COLOURS[which]!(x, y, c);
  }
  return out;
}

const COLOURS: readonly ((x: number, y: number, c: number) => number)[] = [
  (x, y, c) => 0.5 + 0.5 * Math.sin(40 * Math.hypot(x, y) + c),
  (x, y, c) => {
    const h = 0.12 - x * x - y * y;
    return h > 0 ? Math.min(1, 2.5 * Math.sqrt(h) * (1 - 0.3 * c)) : 0.3 + 0.3 * Math.sin(30 * (x + y * c));
  },
  (x, y, c) => ((Math.floor(8 * x) + Math.floor(8 * y)) % 2 === 0 ? 0.2 * c : 0.5 + x * y + 0.1 * c),
];
