// Installs a Chrome, for its SwiftShader and for the browser tests, and lavapipe, for f16. Called only where a person asked for set-up: the
// command, the tests, CI. Each installer answers whether it did something; why not goes to the log.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { list } from "./machine.ts";

/** How installers speak; default: one line each on stderr. */
export interface InstallOptions {
  log?: (line: string) => void;
}

/** What to do where no installer can. */
export const SET_UP_BY_HAND =
  "install Chrome or Chromium (Debian, Ubuntu: `apt-get install chromium`; anywhere: " +
  "`npx @puppeteer/browsers install chrome@stable --path ~/.cache/puppeteer`), or name one with CHROME_PATH";

// A download of 150 MB on a slow line; npx hangs rather than fails when its registry cannot be reached.
const DOWNLOAD_MS = 10 * 60_000;

export function say(options: InstallOptions, line: string): void {
  (options.log ?? ((text) => process.stderr.write(`${text}\n`)))(line);
}

// Resolves with the exit code, and the last lines of what it said, which is where programs say why.
function runProgram(program: string, args: string[]): Promise<{ code: number; tail: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const shell = process.platform === "win32"; // npx is a .cmd there
    const child = spawn(program, args, {
      env,
      shell,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: DOWNLOAD_MS,
    });
    let tail = "";
    const keep = (chunk: Buffer) => {
      tail = (tail + chunk.toString()).slice(-4000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error) => resolve({ code: 127, tail: error.message }));
    child.on("close", (code) => resolve({ code: code ?? 1, tail }));
  });
}

// The first line that speaks of an error, else the last: programs print stacks after it.
function why(text: string): string {
  const lines = text.trim().split("\n");
  return (lines.find((line) => /error|^E:/i.test(line)) ?? lines.at(-1) ?? "").trim();
}

/** Puppeteer's own installer: Chrome for Testing into its cache folder. No rights needed, but a download. */
export async function puppeteerChrome(cacheDir: string, options: InstallOptions = {}): Promise<boolean> {
  say(options, `installing Chrome by @puppeteer/browsers into ${cacheDir} ...`);
  const args = ["--yes", "@puppeteer/browsers@2", "install", "chrome@stable", "--path", cacheDir];
  const { code, tail } = await runProgram("npx", args);
  if (code !== 0) say(options, `@puppeteer/browsers could not install it: ${why(tail)}`);
  return code === 0;
}

/** Debian's and Ubuntu's package manager, as root. */
export async function aptChromium(_cacheDir: string, options: InstallOptions = {}): Promise<boolean> {
  return aptInstall("chromium", [], options);
}

const BACKPORTS = "/etc/apt/sources.list.d/wgrad-bookworm-backports.list";

/**
 * Mesa's lavapipe, the software driver with shader-f16. Dawn needs Mesa 24 or newer: Debian 12 has it in its backports,
 * which are added to the sources of packages.
 */
export async function aptLavapipe(options: InstallOptions = {}): Promise<boolean> {
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  const debian12 = /^ID=debian$/m.test(release) && /^VERSION_CODENAME=bookworm$/m.test(release);
  if (debian12 && process.getuid?.() === 0 && !hasBackports()) {
    writeFileSync(BACKPORTS, "deb http://deb.debian.org/debian bookworm-backports main\n");
  }
  return aptInstall("mesa-vulkan-drivers", debian12 ? ["-t", "bookworm-backports"] : [], options);
}

/** A data set of Debian's, by the name of its package. */
export async function aptData(name: string, options: InstallOptions = {}): Promise<boolean> {
  return aptInstall(name, [], options);
}

function hasBackports(): boolean {
  const files = list("/etc/apt/sources.list.d").map((name) => join("/etc/apt/sources.list.d", name));
  const sources = ["/etc/apt/sources.list", ...files].filter(existsSync);
  return sources.some((file) => /^[^#\n]*\bbookworm-backports\b/m.test(readFileSync(file, "utf8")));
}

async function aptInstall(name: string, from: string[], options: InstallOptions): Promise<boolean> {
  if (process.platform !== "linux" || !existsSync("/usr/bin/apt-get")) return false;
  if (process.getuid?.() !== 0) {
    say(options, `apt-get install ${name} needs root: not tried`);
    return false;
  }
  say(options, `installing ${name} by apt-get ...`);
  await runProgram("apt-get", ["update", "-q"]); // its failure shows in the install
  const args = ["install", "-y", "-q", "--no-install-recommends", ...from, name];
  const { code, tail } = await runProgram("apt-get", args);
  if (code !== 0) say(options, `apt-get could not install it: ${why(tail)}`);
  return code === 0;
}
