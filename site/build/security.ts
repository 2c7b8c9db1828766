// The Content-Security-Policy: this origin alone, no inline script, nothing that a dropped file could reach. Built pages only: Vite's
// own client in development needs more.

import type { Plugin } from "vite";

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self' blob:", // see engine/blob_worker.ts
  "style-src 'self' 'unsafe-inline'", // uPlot and charts set style attributes
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

export function contentSecurityPolicy(): Plugin {
  return {
    name: "wgrad-csp",
    apply: "build",
    transformIndexHtml: () => [
      {
        tag: "meta",
        attrs: { "http-equiv": "Content-Security-Policy", content: POLICY },
        injectTo: "head-prepend",
      },
    ],
  };
}
