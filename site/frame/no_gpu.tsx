// No GPU: which of the cases it is, and what to do about it. What needs none stays usable.

import type { NoGpu, Opened } from "../engine/protocol.ts";

const HELP: Readonly<Record<NoGpu, { title: string; text: string }>> = {
  insecure: {
    title: "WebGPU is off on pages without https",
    text: "Browsers offer the GPU only to secure pages. Open this page by https, or from 127.0.0.1.",
  },
  "no-webgpu": {
    title: "This browser has no WebGPU",
    text: "Chrome and Edge have it from version 113, Safari from 26, Firefox from 141 on some systems (or with dom.webgpu.enabled in about:config).",
  },
  "no-adapter": {
    title: "This browser has WebGPU, but found no GPU",
    text: "Turn on hardware acceleration in the browser's settings and look at chrome://gpu. To compute on the processor, start Chrome with --enable-unsafe-webgpu --use-webgpu-adapter=swiftshader.",
  },
  failed: {
    title: "The engine could not start",
    text: "Reload the page; if it stays so, the report below tells why.",
  },
};

export function NoGpuMessage({ state }: { state: Opened & { ok: false } }) {
  const { title, text } = HELP[state.why];
  return (
    <div class="message" role="alert" data-no-gpu={state.why}>
      <strong>{title}.</strong> {text}
      {state.detail && (
        <details>
          <summary>What the browser says</summary>
          <code>{state.detail}</code>
        </details>
      )}
    </div>
  );
}
