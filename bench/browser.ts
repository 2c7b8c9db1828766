// The browser of the bench: the page is built once and served on 127.0.0.1; every library and work gets a page in a browser
// context of its own, so that nothing compiled before is found again and a page that hangs hangs alone.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, launch, type Page } from "puppeteer-core";
import { build, type PreviewServer, preview } from "vite";
import { findChrome } from "../src/hosts/chrome.ts";
import type { BenchPage } from "./page/page.ts";
import type { LibraryName } from "./peers/job.ts";

export interface BrowserFlags {
  /** An executable; default: a Chrome or Chromium of this machine. */
  readonly browser?: string;
  /** `default`: the adapter that the browser gives, a real GPU if there is one. */
  readonly adapter: "swiftshader" | "default";
  readonly headful?: boolean;
}

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PAGE = "bench/page/page.html";

const CHROME = [
  "--no-sandbox", // containers run as root
  "--enable-unsafe-webgpu",
  "--enable-webgpu-developer-features", // timestamps that are not rounded
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];
const SWIFTSHADER = ["--use-webgpu-adapter=swiftshader"];
const REAL_GPU = [
  "--enable-features=Vulkan",
  "--use-angle=vulkan",
  "--disable-vulkan-surface",
  "--ignore-gpu-blocklist",
];
const FIREFOX = { "dom.webgpu.enabled": true, "gfx.webgpu.ignore-blocklist": true };

/** A page with a library in it. */
export interface LibraryPage {
  /** What the library calls the adapter. */
  readonly adapter: string;
  /** Calls a method of the page; rejects after `limitMs`, when the page is of no use any more. */
  call<K extends keyof BenchPage>(
    method: K,
    limitMs: number,
    ...args: Parameters<BenchPage[K]>
  ): Promise<Result<K>>;
  close(): Promise<void>;
}
type Result<K extends keyof BenchPage> = Awaited<ReturnType<BenchPage[K]>>;

export class TimeLimitError extends Error {}

export class BenchBrowser {
  private browser: Browser | null = null;

  private constructor(
    private readonly flags: BrowserFlags,
    private readonly server: PreviewServer,
    private readonly folder: string,
  ) {}

  static async start(flags: BrowserFlags): Promise<BenchBrowser> {
    const folder = mkdtempSync(join(tmpdir(), "wgrad-bench-"));
    const outDir = join(folder, "page");
    const input = join(ROOT, PAGE);
    const shared = { configFile: false, root: ROOT, logLevel: "error" } as const;
    await build({
      ...shared,
      build: { outDir, emptyOutDir: true, target: "esnext", minify: false, rolldownOptions: { input } },
    });
    const server = await preview({ ...shared, build: { outDir }, preview: { host: "127.0.0.1", port: 0 } });
    return new BenchBrowser(flags, server, folder);
  }

  /** A fresh page; the library has opened its device. */
  async open(library: LibraryName, limitMs: number): Promise<LibraryPage> {
    this.browser ??= await this.launch();
    const context = await this.browser.createBrowserContext();
    const page = await context.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    const base = this.server.resolvedUrls!.local[0]!;
    await page.goto(new URL(`${PAGE}?library=${library}`, base).href);
    await page
      .waitForFunction(() => window.wgradBench !== undefined, { timeout: limitMs })
      .catch((cause) => {
        throw new Error(errors.join("; ") || String(cause));
      });
    const adapter = await within(
      limitMs,
      page.evaluate(() => window.wgradBench!.start()),
    );
    return wrap(context, page, adapter);
  }

  /** Ends the browser, whatever its pages do; the next `open` starts another. */
  async restart(): Promise<void> {
    this.browser?.process()?.kill("SIGKILL");
    await this.browser?.close().catch(() => {});
    this.browser = null;
  }

  async close(): Promise<void> {
    await this.browser?.close();
    await this.server.close();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  private async launch(): Promise<Browser> {
    const { browser, adapter, headful } = this.flags;
    const executablePath = browser ?? (await findChrome({ install: true }));
    const shared = { executablePath, headless: !headful, protocolTimeout: 0 };
    if (/firefox/i.test(executablePath))
      return launch({ ...shared, browser: "firefox", extraPrefsFirefox: FIREFOX });
    return launch({ ...shared, args: [...CHROME, ...(adapter === "swiftshader" ? SWIFTSHADER : REAL_GPU)] });
  }
}

function wrap(context: BrowserContext, page: Page, adapter: string): LibraryPage {
  return {
    adapter,
    call: async (method, limitMs, ...args) => {
      await page.bringToFront();
      const result = page.evaluate(
        (method, args) => (window.wgradBench![method] as (...args: unknown[]) => Promise<unknown>)(...args),
        method,
        args as unknown[],
      );
      return (await within(limitMs, result)) as never;
    },
    close: () => context.close(),
  };
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    const error = new TimeLimitError(`did not finish in ${Math.round(limitMs / 1000)} s`);
    timer = setTimeout(() => reject(error), limitMs);
  });
  work.catch(() => {}); // it may fail after its limit, when the browser ends
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
