// A grey u8 picture on a small canvas, each pixel a square. `label` is its name for those who do not see it; empty where text
// beside it says the same.

import { useEffect, useRef } from "preact/hooks";

interface PictureProps {
  readonly pixels: Uint8Array;
  readonly width?: number;
  readonly height?: number;
  /** CSS pixels of its width. */
  readonly size?: number;
  readonly label: string;
}

export function Picture({ pixels, width = 28, height = 28, size = 56, label }: PictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current) paintGrey(canvas.current, pixels, width, height);
  }, [pixels, width, height]);
  const style = { width: `${size}px`, height: `${(size * height) / width}px`, imageRendering: "pixelated" };
  const name = label === "" ? { "aria-hidden": true } : { role: "img" as const, "aria-label": label };
  return <canvas ref={canvas} width={width} height={height} style={style} {...name} />;
}

/** @param pixels [height, width] */
export function paintGrey(
  canvas: HTMLCanvasElement,
  pixels: Uint8Array,
  width: number,
  height: number,
): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const data = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    data.data.fill(pixels[i] ?? 0, 4 * i, 4 * i + 3);
    data.data[4 * i + 3] = 255;
  }
  context.putImageData(data, 0, 0);
}
