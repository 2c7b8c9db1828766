// Vulkan on Linux as Dawn needs it: the loader library in the process, drivers announced by ICD files, and whether there
// can be a GPU at all. Which driver is taken: dawn.ts; the software ones: software.ts.
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { OptionError } from "../gpu/errors.ts";
import { at, list, type Machine, thisMachine } from "./machine.ts";

/** Folders in which the Vulkan loader looks for drivers. */
export function icdFolders(machine: Machine): string[] {
  const shared = ["/usr/share", "/usr/local/share", "/etc", "/run/opengl-driver/share"]; // the last: NixOS
  const roots = [...shared.map((path) => at(machine, path)), join(machine.home, ".local", "share")];
  return roots.map((folder) => join(folder, "vulkan", "icd.d"));
}

/**
 * Whether a GPU is worth asking for. On Linux it needs a device node and a driver that is not lavapipe: asking without
 * them costs time and makes Dawn print warnings. Elsewhere only Dawn knows.
 */
export function mayHaveGpu(machine = thisMachine()): boolean {
  if (machine.platform !== "linux") return true;
  const node =
    list(at(machine, "/dev/dri")).some((name) => name.startsWith("renderD")) ||
    list(at(machine, "/dev")).some((name) => /^(nvidia\d|mali\d|kgsl|dxg$)/.test(name));
  const drivers = icdFolders(machine).flatMap(list);
  return node && drivers.some((name) => name.endsWith(".json") && !name.startsWith("lvp_"));
}

/** The user's own choice of Vulkan drivers, if there is one. Throws OptionError when none of its files exists. */
export function userDriver(machine = thisMachine()): string | undefined {
  for (const name of ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"]) {
    const files = machine.env[name];
    if (!files) continue;
    if (files.split(delimiter).some(existsSync)) return files;
    throw new OptionError(`${name}: must name a Vulkan driver's ICD file, ${files} does not exist`);
  }
  return undefined;
}

const RTLD_NODELETE = 0x1000; // glibc and musl; keeps the library although Node closes it again

/**
 * Makes the Vulkan loader available to Dawn on Linux; answers whether there is one. Bare machines have no
 * libvulkan.so.1, but Chrome carries one (`folders`): once it is in the process, Dawn's `dlopen` finds it by its name.
 */
export function loadVulkanLoader(folders: readonly string[]): boolean {
  if (process.platform !== "linux") return true;
  const library = "libvulkan.so.1";
  for (const path of [library, ...folders.map((folder) => join(folder, library))]) {
    try {
      process.dlopen({ exports: {} }, path, constants.dlopen.RTLD_NOW | RTLD_NODELETE);
    } catch (error) {
      // Not being a Node add-on is the good case: the library did load.
      if (error instanceof Error && /did not self-register/.test(error.message)) return true;
    }
  }
  return false;
}
