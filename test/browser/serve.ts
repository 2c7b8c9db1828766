// What the browser tests of all browsers share: Vite serving the repository on a free port of 127.0.0.1, and a page of it
// whose errors are collected.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type LaunchOptions, launch, type Page } from "puppeteer-core";
import { createServer } from "vite";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CALL_TIMEOUT_MS = 900_000; // the op table is one call

export interface OpenPage {
  readonly page: Page;
  /** What the console showed as an error, what was thrown, what failed to load. */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

/** Opens a page of the repository in a headless browser of its own. */
export async function openIn(options: LaunchOptions, path: string): Promise<OpenPage> {
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
      headless: true,
      userDataDir: join(folder, "profile"),
      protocolTimeout: CALL_TIMEOUT_MS,
      ...options,
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
    await Promise.race([
      page.waitForFunction(() => window.wgradTests !== undefined, { timeout: 240_000 }),
      failed(errors),
    ]);
    return { page, errors, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Rejects with the page's first error: a page that cannot start need not be waited for. */
async function failed(errors: readonly string[]): Promise<never> {
  for (;;) {
    if (errors.length > 0) throw new Error(`the page failed: ${errors.join("\n")}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
