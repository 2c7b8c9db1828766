// Opens the page of the browser tests in a headless Firefox (wgpu, Naga), driven by WebDriver BiDi. WebGPU runs on lavapipe:
// Firefox takes the Vulkan driver of the system, and has WebGPU behind preferences on Linux.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { LaunchOptions } from "puppeteer-core";
import { findSoftwareDrivers } from "../../src/hosts/software.ts";
import { type OpenPage, openIn } from "./serve.ts";

const PREFERENCES = {
  "dom.webgpu.enabled": true,
  "gfx.webgpu.ignore-blocklist": true,
  "app.update.disabledForTesting": true,
};

/** The browser and the driver, or which of them is missing. */
export function findFirefox(): { executable: string; icd: string } | string {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const candidates = folders.flatMap((folder) =>
    ["firefox", "firefox-esr"].map((name) => join(folder, name)),
  );
  const executable = process.env.FIREFOX_PATH ?? candidates.find(existsSync);
  const icd = findSoftwareDrivers().find((driver) => driver.kind === "lavapipe")?.icd;
  if (executable === undefined) return "no Firefox here (apt-get install firefox-esr)";
  return icd === undefined
    ? "Firefox needs lavapipe (apt-get install mesa-vulkan-drivers)"
    : { executable, icd };
}

/** How such a Firefox is started. */
export function launchFirefox(found: { executable: string; icd: string }): LaunchOptions {
  return {
    browser: "firefox",
    executablePath: found.executable,
    extraPrefsFirefox: PREFERENCES,
    env: { ...process.env, VK_DRIVER_FILES: found.icd, VK_ICD_FILENAMES: found.icd },
  };
}

export function openFirefox(found: { executable: string; icd: string }, path: string): Promise<OpenPage> {
  return openIn(launchFirefox(found), path);
}
