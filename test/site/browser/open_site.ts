// The built site in a headless browser: served as plain files under a path, each page with what went wrong on it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, type LaunchOptions, launch, type Page } from "puppeteer-core";
import { build } from "vite";
import { findChrome } from "../../../src/hosts/chrome.ts";
import { type FileServer, serveFiles } from "./serve_files.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
/** A path, so that nothing hangs on lying at the root. */
export const UNDER = "/some/path/";
const CALL_TIMEOUT_MS = 240_000;
const LOAD_MS = 30_000;

const FLAGS = [
  "--no-sandbox", // containers run as root
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];
/** As in the other browser tests: SwiftShader. */
export const GPU_FLAGS = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];
export interface SitePage {
  readonly page: Page;
  /** What the console showed as an error, what was thrown, what failed to load. */
  readonly errors: readonly string[];
  /** Requests to anything but the site's own folder. */
  readonly foreign: readonly string[];
  close(): Promise<void>;
}

export interface Site {
  readonly server: FileServer;
  readonly browser: Browser;
  /** A first visit at `#/...`; `search` goes in front of the hash. */
  open(hash: string, options?: { search?: string; origin?: string }): Promise<SitePage>;
  close(): Promise<void>;
}

/** A Chrome as these tests want it: WebGPU on SwiftShader, or without an adapter. */
export async function chrome({ gpu = true, args = [] as readonly string[] } = {}): Promise<LaunchOptions> {
  const executablePath = await findChrome({ install: true });
  return { executablePath, args: [...FLAGS, ...(gpu ? GPU_FLAGS : []), ...args] };
}

/** A browser of its own, and a server of its own for the site, which is built once in a process. */
export async function openSite(options: LaunchOptions): Promise<Site> {
  const closers: (() => unknown)[] = [];
  const close = async () => {
    while (closers.length > 0) await closers.pop()!();
  };
  try {
    closers.push(leaveSite);
    const server = await serveFiles(await builtSite(), UNDER);
    closers.push(() => server.close());
    const userDataDir = mkdtempSync(join(tmpdir(), "wgrad-site-profile-"));
    closers.push(() => rmSync(userDataDir, { recursive: true, force: true, maxRetries: 5 }));
    const browser = await launch({
      headless: true,
      userDataDir,
      protocolTimeout: CALL_TIMEOUT_MS,
      ...options,
    });
    closers.push(() => browser.close());
    return { server, browser, close, open: (hash, to) => openPage(browser, server, hash, to) };
  } catch (error) {
    await close();
    throw error;
  }
}

let building: Promise<string> | null = null;
let users = 0;

/** The folder of the built site, until `leaveSite` was called as often. WGRAD_SITE names one that was built before. */
function builtSite(): Promise<string> {
  users++;
  building ??= process.env.WGRAD_SITE ? Promise.resolve(resolve(process.env.WGRAD_SITE)) : buildSite();
  return building;
}

/** Nobody needs it any more: it goes. (Test processes are ended without an event `exit`.) */
async function leaveSite(): Promise<void> {
  if (--users > 0 || process.env.WGRAD_SITE) return;
  const folder = await building?.catch(() => null);
  building = null;
  if (folder) rmSync(folder, { recursive: true, force: true });
}

async function buildSite(): Promise<string> {
  const outDir = mkdtempSync(join(tmpdir(), "wgrad-site-"));
  // Vitest sets NODE_ENV=test, which would give a site of another kind.
  const kept = process.env.NODE_ENV;
  process.env.NODE_ENV = "production";
  try {
    await build({
      configFile: join(ROOT, "site/vite.config.ts"),
      mode: "production",
      logLevel: "error",
      build: { outDir, emptyOutDir: true },
    });
  } finally {
    process.env.NODE_ENV = kept;
  }
  return outDir;
}

async function openPage(
  browser: Browser,
  server: FileServer,
  hash: string,
  { search = "", origin }: { search?: string; origin?: string } = {},
): Promise<SitePage> {
  // A context of its own: nothing is kept from another page, the service worker least of all.
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const url = origin ? `${origin}:${server.port}${UNDER}` : server.url;
  const errors: string[] = [];
  const foreign: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(`console: ${message.text()} ${message.location().url ?? ""}`);
  });
  page.on("pageerror", (error) => errors.push(`thrown: ${error}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url())) foreign.push(request.url());
  });
  page.on("requestfailed", (request) => errors.push(`${request.url()}: ${request.failure()?.errorText}`));
  page.on("response", (response) => {
    if (response.status() >= 400) errors.push(`${response.url()}: ${response.status()}`);
  });
  await page.goto(`${url}${search}${hash}`, { timeout: LOAD_MS });
  await page.waitForSelector("main h1", { timeout: LOAD_MS }).catch((error: unknown) => {
    throw new Error(`${hash}: no page came; ${errors.join("\n") || "no error was shown"}`, { cause: error });
  });
  return { page, errors, foreign, close: () => context.close() };
}
