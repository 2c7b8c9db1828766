// Opens the page of the browser tests: Vite serves the repository on a free port of 127.0.0.1, a headless Chrome of its own
// loads it. WebGPU runs on SwiftShader, as in the other tests.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch, type Page } from "puppeteer-core";
import { createServer } from "vite";
import { findChrome } from "../../src/hosts/chrome.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CALL_TIMEOUT_MS = 600_000; // the op table is one call

const FLAGS = [
  "--no-sandbox", // containers run as root
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

export interface OpenPage {
  readonly page: Page;
  /** What the console showed as an error, what was thrown, what failed to load. */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

/** Throws DeviceError if there is no Chrome and none can be installed. */
export async function openPage(path: string): Promise<OpenPage> {
  const executablePath = await findChrome({ install: true });
  const folder = mkdtempSync(join(tmpdir(), "wgrad-browser-"));
  const closers: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })];
  const close = async () => {
    while (closers.length > 0) await closers.pop()!();
  };
  try {
    const server = await createServer({
      configFile: false,
      root: ROOT,
      cacheDir: join(folder, "vite"),
      logLevel: "error",
      server: { host: "127.0.0.1", port: 0, hmr: false, watch: null },
      optimizeDeps: { noDiscovery: true },
    });
    closers.push(() => server.close());
    await server.listen();
    const browser = await launch({
      executablePath,
      headless: true,
      args: FLAGS,
      userDataDir: join(folder, "profile"),
      protocolTimeout: CALL_TIMEOUT_MS,
    });
    closers.push(() => browser.close());
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") errors.push(message.text());
    });
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("requestfailed", (request) => errors.push(`${request.url()}: ${request.failure()?.errorText}`));
    await page.goto(new URL(path, server.resolvedUrls?.local[0]).href);
    return { page, errors, close };
  } catch (error) {
    await close();
    throw error;
  }
}
