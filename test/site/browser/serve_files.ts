// A static server on 127.0.0.1 under a path, as any host of plain files would be; it writes down what was asked for.
import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize, sep } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
};

export interface Served {
  /** Below the site's folder: `assets/index-x.js`. */
  readonly path: string;
  readonly bytes: Buffer;
  /** Which document or script asked, as an address. */
  readonly referrer: string;
  /** `script`, `worker`, `document`, ...: what it was asked for as. */
  readonly as: string;
}

export interface FileServer {
  /** With the final slash. */
  readonly url: string;
  readonly port: number;
  readonly served: readonly Served[];
  /** Paths that are answered by 404. */
  readonly withheld: Set<string>;
  close(): Promise<void>;
}

export async function serveFiles(folder: string, under: string): Promise<FileServer> {
  const served: Served[] = [];
  const withheld = new Set<string>();
  const server = createServer((request, response) => {
    const address = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    const inside = address.startsWith(under) ? address.slice(under.length) : null;
    const file = inside === null ? null : normalize(join(folder, inside === "" ? "index.html" : inside));
    if (
      inside === null ||
      withheld.has(inside) ||
      !file?.startsWith(folder + sep) ||
      !statSync(file, { throwIfNoEntry: false })?.isFile()
    ) {
      response.writeHead(404).end("not here");
      return;
    }
    const bytes = readFileSync(file);
    const { referer = "", "sec-fetch-dest": as = "" } = request.headers;
    served.push({ path: inside, bytes, referrer: referer, as: String(as) });
    response
      .writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" })
      .end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${under}`,
    port,
    served,
    withheld,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
