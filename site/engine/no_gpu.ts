// Why a page has no GPU, told apart before the engine is loaded: each cause has a message of its own on the page.

import type { NoGpu } from "./protocol.ts";

/** Null: there is an adapter, so that it is worth to load the engine. */
export async function missing(): Promise<{ why: NoGpu; detail: string } | null> {
  if (globalThis.isSecureContext === false)
    return { why: "insecure", detail: "WebGPU exists only on pages opened by https or on localhost." };
  const gpu = (globalThis.navigator as Partial<Navigator> | undefined)?.gpu;
  if (!gpu) return { why: "no-webgpu", detail: "This browser has no navigator.gpu." };
  const adapter = await gpu.requestAdapter().catch(() => null);
  return adapter ? null : { why: "no-adapter", detail: "navigator.gpu.requestAdapter() gave none." };
}
