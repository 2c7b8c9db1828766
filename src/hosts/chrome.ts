// Finds a Chrome or Chromium: the browser of the browser tests, and the carrier of SwiftShader (software.ts).
// Finding never installs; install.ts does, and only when asked.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { DeviceError, OptionError } from "../gpu/errors.ts";
import { aptChromium, type InstallOptions, puppeteerChrome, SET_UP_BY_HAND } from "./install.ts";
import { at, isExecutable, list, type Machine, thisMachine, unique } from "./machine.ts";

const LINUX = [
  "/usr/bin/google-chrome-stable",
  "/usr/bin/google-chrome",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/opt/google/chrome/chrome",
  "/snap/bin/chromium",
];
const MAC = ["Google Chrome", "Google Chrome Canary", "Chromium"].map(
  (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
);
const WINDOWS = ["Google\\Chrome\\Application\\chrome.exe", "Chromium\\Application\\chrome.exe"];

function systemChromes(machine: Machine): string[] {
  if (machine.platform === "darwin") {
    return MAC.flatMap((path) => [at(machine, path), join(machine.home, path)]);
  }
  if (machine.platform === "win32") {
    const { PROGRAMFILES, "PROGRAMFILES(X86)": x86, LOCALAPPDATA } = machine.env;
    const roots = [PROGRAMFILES, x86, LOCALAPPDATA].filter((folder) => folder !== undefined);
    return roots.flatMap((folder) => WINDOWS.map((path) => join(folder, path)));
  }
  return LINUX.map((path) => at(machine, path));
}

/** The folder where puppeteer's installer keeps browsers. */
export function puppeteerCache(machine = thisMachine()): string {
  return machine.env.PUPPETEER_CACHE_DIR ?? join(machine.home, ".cache", "puppeteer");
}

/** Executables inside one unpacked download, `chrome-linux64/chrome` and its likes. */
const IN_DOWNLOAD = [
  "chrome",
  "chrome-headless-shell",
  "chrome.exe",
  "chrome-headless-shell.exe",
  "Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing",
];

// Layout of @puppeteer/browsers: <cache>/<browser>/<platform>-<build>/<browser>-<platform>/<executable>.
function cachedChromes(machine: Machine): string[] {
  const found: string[] = [];
  for (const browser of ["chrome", "chrome-headless-shell"]) {
    const builds = join(puppeteerCache(machine), browser);
    for (const build of list(builds)) {
      for (const folder of list(join(builds, build))) {
        found.push(...IN_DOWNLOAD.map((name) => join(builds, build, folder, name)));
      }
    }
  }
  return found;
}

/** All Chrome executables there are, best first: CHROME_PATH, the system's, puppeteer's. */
export function listChromes(machine = thisMachine()): string[] {
  const chosen = machine.env.CHROME_PATH ?? machine.env.PUPPETEER_EXECUTABLE_PATH;
  if (chosen && !existsSync(chosen)) {
    throw new OptionError(`CHROME_PATH: must name a Chrome or Chromium executable, ${chosen} does not exist`);
  }
  const all = [...(chosen ? [chosen] : []), ...systemChromes(machine), ...cachedChromes(machine)];
  return unique(all.filter(isExecutable));
}

// A downloaded Chrome on a bare machine lacks shared libraries: found is not yet able to start.
async function starts(chrome: string): Promise<boolean> {
  if (process.platform === "win32") return true; // `--version` opens a window there
  try {
    await promisify(execFile)(chrome, ["--version"], { timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}

async function firstThatStarts(machine: Machine): Promise<string | undefined> {
  for (const chrome of listChromes(machine)) if (await starts(chrome)) return chrome;
  return undefined;
}

/**
 * The path of a Chrome or Chromium that starts. With `install: true` one is installed where there is none: by
 * puppeteer's installer, else Debian's package. Throws DeviceError saying what to install.
 */
export async function findChrome(options: InstallOptions & { install?: boolean } = {}): Promise<string> {
  const machine = thisMachine();
  const found = await firstThatStarts(machine);
  if (found) return found;
  if (options.install) {
    for (const installer of [puppeteerChrome, aptChromium]) {
      if (!(await installer(puppeteerCache(machine), options))) continue;
      const installed = await firstThatStarts(machine);
      if (installed) return installed;
    }
  }
  throw new DeviceError(`no Chrome or Chromium that starts was found: ${SET_UP_BY_HAND}`);
}
