// Software Vulkan drivers for Dawn under Node: SwiftShader, which lies beside every Chrome, and Mesa's lavapipe.
// A driver here is an ICD file (the JSON that VK_ICD_FILENAMES names). Installing is install.ts, and only when asked.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DeviceError } from "../gpu/errors.ts";
import { listChromes, puppeteerCache } from "./chrome.ts";
import { aptChromium, type InstallOptions, puppeteerChrome, SET_UP_BY_HAND } from "./install.ts";
import { at, list, type Machine, realFolder, thisMachine, unique } from "./machine.ts";
import { icdFolders } from "./vulkan.ts";

/** A software driver: its kind and its ICD file. */
export interface SoftwareDriver {
  kind: "swiftshader" | "lavapipe";
  icd: string;
}

const SWIFTSHADER_ICD = "vk_swiftshader_icd.json";

// Where packages put the browser's own files when the executable on the path is only a script.
const BROWSER_FOLDERS = [
  "/usr/lib/chromium",
  "/usr/lib/chromium-browser",
  "/usr/lib64/chromium-browser",
  "/opt/google/chrome",
  "/opt/google/chrome-beta",
  "/opt/microsoft/msedge",
  "/opt/brave.com/brave",
  "/snap/chromium/current/usr/lib/chromium-browser",
];

// Beside the executable, else one version folder deeper (Windows), else in the framework of a mac application.
function swiftshaderBeside(chrome: string): string[] {
  const folder = realFolder(chrome);
  const frameworks = join(folder, "..", "Frameworks");
  const deeper = list(folder).filter((name) => /^\d+\./.test(name));
  const versions = list(frameworks).flatMap((name) =>
    list(join(frameworks, name, "Versions")).map((v) => join(frameworks, name, "Versions", v, "Libraries")),
  );
  return [folder, ...deeper.map((name) => join(folder, name)), ...versions];
}

function swiftshaders(machine: Machine): string[] {
  const beside = listChromes(machine).flatMap(swiftshaderBeside);
  const system = machine.platform === "linux" ? BROWSER_FOLDERS.map((path) => at(machine, path)) : [];
  return unique([...beside, ...system].map((folder) => join(folder, SWIFTSHADER_ICD))).filter(existsSync);
}

// Mesa names the file lvp_icd.json or, per architecture, lvp_icd.x86_64.json; a foreign one would not load.
function lavapipes(machine: Machine): string[] {
  const ours = machine.arch === "arm64" ? "aarch64" : "x86_64";
  const files = icdFolders(machine).flatMap((folder) => [
    join(folder, `lvp_icd.${ours}.json`),
    join(folder, "lvp_icd.json"),
  ]);
  return files.filter(existsSync);
}

/** All software drivers there are, SwiftShader before lavapipe. Installs nothing. */
export function findSoftwareDrivers(machine = thisMachine()): SoftwareDriver[] {
  return [
    ...swiftshaders(machine).map((icd): SoftwareDriver => ({ kind: "swiftshader", icd })),
    ...lavapipes(machine).map((icd): SoftwareDriver => ({ kind: "lavapipe", icd })),
  ];
}

/**
 * The best software driver. With `install: true` a Chrome is installed where there is none: by puppeteer's installer,
 * else Debian's package. Throws DeviceError saying what to install.
 */
export async function ensureSoftwareDriver(
  options: InstallOptions & { install?: boolean } = {},
): Promise<SoftwareDriver> {
  const [found] = findSoftwareDrivers();
  if (found) return found;
  if (options.install) {
    for (const installer of [puppeteerChrome, aptChromium]) {
      if (!(await installer(puppeteerCache(), options))) continue;
      const [installed] = findSoftwareDrivers();
      if (installed) return installed;
    }
  }
  throw new DeviceError(`no software Vulkan driver was found: ${SET_UP_BY_HAND}`);
}
