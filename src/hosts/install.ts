// Installs a Chrome, for its SwiftShader and for the browser tests. Called only where a person asked for set-up: the
// command, the tests, CI. Each installer answers whether it did something; why not goes to the log.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";

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
  if (process.platform !== "linux" || !existsSync("/usr/bin/apt-get")) return false;
  if (process.getuid?.() !== 0) {
    say(options, "apt-get install chromium needs root: not tried");
    return false;
  }
  say(options, "installing Debian's chromium by apt-get ...");
  await runProgram("apt-get", ["update", "-q"]); // its failure shows in the install
  const { code, tail } = await runProgram("apt-get", [
    "install",
    "-y",
    "-q",
    "--no-install-recommends",
    "chromium",
  ]);
  if (code !== 0) say(options, `apt-get could not install it: ${why(tail)}`);
  return code === 0;
}
