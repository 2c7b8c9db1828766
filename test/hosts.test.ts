// Hosts and the command: finders on made-up machines in a temporary folder, adapters by their words, `requestDevice`
// under Node, and the exit codes and messages of the command, run as a process.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DeviceError, OptionError } from "../src/gpu/errors.ts";
import {
  type AdapterLike,
  describeAdapter,
  isKind,
  isSoftware,
  parseAdapterKind,
} from "../src/hosts/adapter.ts";
import { requestDevice as requestInBrowser } from "../src/hosts/browser.ts";
import { listChromes } from "../src/hosts/chrome.ts";
import type { Machine } from "../src/hosts/machine.ts";
import { requestFrom } from "../src/hosts/navigator.ts";
import { describeDevice, requestDevice } from "../src/hosts/node.ts";
import { findSoftwareDrivers } from "../src/hosts/software.ts";
import { mayHaveGpu } from "../src/hosts/vulkan.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "wgrad-hosts-")));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function file(path: string, mode = 0o644): string {
  const full = join(folder, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, "");
  chmodSync(full, mode);
  return full;
}

function machine(platform: NodeJS.Platform, env: Machine["env"] = {}): Machine {
  return { platform, arch: "x64", env, home: join(folder, "home"), root: folder };
}

function adapter(
  vendor: string,
  architecture: string,
  description: string,
  features: string[] = [],
): AdapterLike {
  return { info: { vendor, architecture, device: "", description }, features: new Set(features) };
}

describe("drivers on a made-up machine", () => {
  test("none on a bare one", () => {
    expect(findSoftwareDrivers(machine("linux"))).toEqual([]);
    expect(listChromes(machine("linux"))).toEqual([]);
  });

  test("SwiftShader in Debian's folder, whose /usr/bin/chromium is only a script", () => {
    file("usr/bin/chromium", 0o755);
    const icd = file("usr/lib/chromium/vk_swiftshader_icd.json");
    expect(findSoftwareDrivers(machine("linux"))).toEqual([{ kind: "swiftshader", icd }]);
  });

  test("SwiftShader beside the file a link on the path leads to, once", () => {
    const chrome = file("opt/google/chrome/google-chrome", 0o755);
    const icd = file("opt/google/chrome/vk_swiftshader_icd.json");
    mkdirSync(join(folder, "usr/bin"), { recursive: true });
    symlinkSync(chrome, join(folder, "usr/bin/google-chrome"));
    expect(findSoftwareDrivers(machine("linux"))).toEqual([{ kind: "swiftshader", icd }]);
  });

  test("puppeteer's cache, newest build first", () => {
    const older = file("home/.cache/puppeteer/chrome/linux-99.0.1/chrome-linux64/chrome", 0o755);
    const newer = file("home/.cache/puppeteer/chrome/linux-131.0.2/chrome-linux64/chrome", 0o755);
    const icd = file("home/.cache/puppeteer/chrome/linux-131.0.2/chrome-linux64/vk_swiftshader_icd.json");
    expect(listChromes(machine("linux"))).toEqual([newer, older]);
    expect(findSoftwareDrivers(machine("linux"))).toEqual([{ kind: "swiftshader", icd }]);
  });

  test("PUPPETEER_CACHE_DIR, with a headless shell", () => {
    const shell = "cache/chrome-headless-shell/linux-140.0.0/chrome-headless-shell-linux64";
    const chrome = file(`${shell}/chrome-headless-shell`, 0o755);
    expect(listChromes(machine("linux", { PUPPETEER_CACHE_DIR: join(folder, "cache") }))).toEqual([chrome]);
  });

  test("CHROME_PATH comes first, and must exist", () => {
    file("usr/bin/chromium", 0o755);
    const own = file("own/chrome", 0o755);
    expect(listChromes(machine("linux", { CHROME_PATH: own }))[0]).toBe(own);
    const gone = join(folder, "gone");
    expect(() => listChromes(machine("linux", { CHROME_PATH: gone }))).toThrow(
      /CHROME_PATH: must name .*gone does not/,
    );
  });

  test("inside an application of macOS", () => {
    const contents = "Applications/Google Chrome.app/Contents";
    file(`${contents}/MacOS/Google Chrome`, 0o755);
    const libraries = `${contents}/Frameworks/Google Chrome Framework.framework/Versions/140.0.1/Libraries`;
    const icd = file(`${libraries}/vk_swiftshader_icd.json`);
    const found = findSoftwareDrivers(machine("darwin"));
    expect(found.map((driver) => realpathSync(driver.icd))).toEqual([icd]);
  });

  test("lavapipe after SwiftShader, and only of this architecture", () => {
    file("usr/share/vulkan/icd.d/lvp_icd.i686.json");
    const lavapipe = file("usr/share/vulkan/icd.d/lvp_icd.x86_64.json");
    const swiftshader = file("usr/lib/chromium/vk_swiftshader_icd.json");
    expect(findSoftwareDrivers(machine("linux"))).toEqual([
      { kind: "swiftshader", icd: swiftshader },
      { kind: "lavapipe", icd: lavapipe },
    ]);
  });
});

describe("whether a GPU is worth asking for", () => {
  test("on Linux: a device node and a driver other than lavapipe", () => {
    file("usr/share/vulkan/icd.d/lvp_icd.x86_64.json");
    file("dev/dri/renderD128");
    expect(mayHaveGpu(machine("linux"))).toBe(false);
    file("etc/vulkan/icd.d/nvidia_icd.json");
    expect(mayHaveGpu(machine("linux"))).toBe(true);
    rmSync(join(folder, "dev"), { recursive: true });
    expect(mayHaveGpu(machine("linux"))).toBe(false);
    file("dev/nvidia0");
    expect(mayHaveGpu(machine("linux"))).toBe(true);
  });

  test("elsewhere always", () => {
    expect(mayHaveGpu(machine("darwin"))).toBe(true);
    expect(mayHaveGpu(machine("win32"))).toBe(true);
  });
});

describe("adapters by their words", () => {
  const swiftshader = adapter("google", "swiftshader", "SwiftShader driver 5.0.0", ["timestamp-query"]);
  const lavapipe = adapter("mesa", "", "llvmpipe (LLVM 19.1.7, 256 bits)");
  const nvidia = adapter("nvidia", "ampere", "NVIDIA: 570.86", ["subgroups", "shader-f16"]);

  test("software or hardware", () => {
    expect([swiftshader, lavapipe, nvidia].map(isSoftware)).toEqual([true, true, false]);
    const flagged = { ...nvidia, info: { ...nvidia.info, isFallbackAdapter: true } };
    expect(isSoftware(flagged)).toBe(true);
  });

  test("kinds", () => {
    expect([swiftshader, lavapipe, nvidia].map((a) => isKind(a, "gpu"))).toEqual([false, false, true]);
    expect([swiftshader, lavapipe, nvidia].map((a) => isKind(a, "software"))).toEqual([true, true, false]);
    expect([swiftshader, lavapipe, nvidia].map((a) => isKind(a, "swiftshader"))).toEqual([
      true,
      false,
      false,
    ]);
    expect([swiftshader, lavapipe, nvidia].map((a) => isKind(a, "lavapipe"))).toEqual([false, true, false]);
    expect(() => parseAdapterKind("cuda")).toThrow(/adapter: must be one of auto, gpu, .*, got cuda/);
    expect(() => parseAdapterKind("cuda")).toThrow(OptionError);
  });

  test("one line", () => {
    expect(describeAdapter(swiftshader, "x/icd.json")).toBe(
      "google swiftshader (SwiftShader driver 5.0.0) · software · timestamp-query · x/icd.json",
    );
    expect(describeAdapter(nvidia)).toBe(
      "nvidia ampere (NVIDIA: 570.86) · hardware · shader-f16 · subgroups",
    );
  });
});

describe("requestDevice", () => {
  const help = { noWebGpu: "no WebGPU here", noAdapter: "no adapter here" };
  const gpuOf = (found: AdapterLike | null) => ({ requestAdapter: async () => found }) as unknown as GPU;

  test("navigator.gpu missing, without adapter, or of another kind", async () => {
    await expect(requestFrom(undefined, {}, help)).rejects.toThrow(/requestDevice: no WebGPU here/);
    await expect(requestFrom(gpuOf(null), {}, help)).rejects.toThrow(/requestDevice: no adapter here/);
    const software = gpuOf(adapter("google", "swiftshader", ""));
    await expect(requestFrom(software, { adapter: "gpu" }, help)).rejects.toThrow(
      /adapter must be of kind gpu, got google swiftshader/,
    );
  });

  test("the browser's under Node says which entry to take", async () => {
    await expect(requestInBrowser()).rejects.toThrow(/wgrad\/node/);
    await expect(requestInBrowser()).rejects.toThrow(DeviceError);
  });

  test("under Node: opens, describes, leaves the environment as it was", async () => {
    const before = process.env.VK_ICD_FILENAMES;
    const device = await requestDevice();
    expect(describeDevice(device)).toMatch(/ · (software|hardware)/);
    expect(process.env.VK_ICD_FILENAMES).toBe(before);
    device.destroy();
  });

  test("a user's own driver must exist, and is not replaced by another", async () => {
    vi.stubEnv("VK_DRIVER_FILES", "");
    vi.stubEnv("VK_ICD_FILENAMES", join(folder, "gone.json"));
    await expect(requestDevice({ adapter: "software" })).rejects.toThrow(
      /VK_ICD_FILENAMES: .*gone\.json does not/,
    );
    vi.stubEnv("VK_ICD_FILENAMES", file("empty.json"));
    await expect(requestDevice({ adapter: "software" })).rejects.toThrow(
      /driver .*empty\.json has no adapter/,
    );
  });

  test("WGRAD_ADAPTER replaces the default, and must be a kind", async () => {
    vi.stubEnv("WGRAD_ADAPTER", "cuda");
    await expect(requestDevice()).rejects.toThrow(/adapter: must be one of auto, gpu/);
  });
});

function wgrad(
  args: string[],
  env: NodeJS.ProcessEnv = {},
): { code: number | null; out: string; err: string } {
  const command = ["--import", "tsx", join(root, "src/cli/main.ts"), ...args];
  // From the package's folder: that is where Node looks up tsx.
  const options = { cwd: root, env: { ...process.env, ...env }, encoding: "utf8" } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, command, options);
  return { code: status, out: stdout, err: stderr };
}

describe("the command", () => {
  const faults: [string, string[], RegExp][] = [
    ["unknown option", ["train", "digits", "--epoch", "3"], /unknown option '--epoch'.*--epochs/],
    ["unknown command", ["trian", "digits"], /unknown command 'trian'/],
    ["no recipe", ["train"], /missing required argument 'recipe'/],
    ["unknown recipe", ["train", "cats"], /recipe must be one of digits.*, got cats/],
    ["epochs 0", ["train", "digits", "--epochs", "0"], /--epochs.*whole number of at least 1/],
    ["batch 1.5", ["train", "digits", "--batch", "1.5"], /--batch.*whole number of at least 1/],
    ["lr NaN", ["train", "digits", "--lr", "NaN"], /--lr.*number above 0/],
    ["seed -1", ["train", "digits", "--seed=-1"], /--seed.*from 0 to 4294967295/],
    ["adapter", ["train", "digits", "--adapter", "cuda"], /--adapter.*auto, gpu, swiftshader/],
    [
      "out",
      ["train", "digits", "--out", "package.json/run"],
      /--out: cannot write to the folder .*: a part of/,
    ],
    ["resume", ["train", "digits", "--resume", "gone.safetensors"], /--resume: cannot read .*: no such file/],
    ["data", ["train", "digits", "--data", "package.json"], /--data: must be a folder/],
    ["json", ["train", "digits", "--json", "src"], /--json: must name a file/],
  ];

  test.for(faults)("%s: one line, exit code 2", ([, args, message]) => {
    const { code, out, err } = wgrad(args);
    expect(err).toMatch(message);
    expect(err.trim().split("\n")).toHaveLength(1);
    expect(out).toBe("");
    expect(code).toBe(2);
  });

  test("no adapter: one line that says why, exit code 2", () => {
    const env = { VK_DRIVER_FILES: "", VK_ICD_FILENAMES: join(folder, "gone.json") };
    for (const args of [["train", "digits", "--out", join(folder, "run")], ["devices"]]) {
      const { code, out, err } = wgrad(args, env);
      expect(err).toMatch(
        /VK_ICD_FILENAMES: must name a Vulkan driver's ICD file, .*gone\.json does not exist/,
      );
      expect(err.trim().split("\n")).toHaveLength(1);
      expect(out).toBe("");
      expect(code).toBe(2);
    }
  });

  test("devices lists the adapter with its limits, and writes it as JSON", () => {
    const json = join(folder, "sub", "devices.json");
    const { code, out } = wgrad(["devices", "--json", json]);
    expect(code).toBe(0);
    expect(out).toMatch(/^\* .* · (software|hardware)$/m);
    expect(out).toMatch(/maxComputeInvocationsPerWorkgroup +\d+/);
    const { adapters } = JSON.parse(readFileSync(json, "utf8"));
    expect(adapters.filter((a: { chosen: boolean }) => a.chosen)).toHaveLength(1);
    expect(adapters[0].limits.maxBufferSize).toBeGreaterThanOrEqual(2 ** 28);
  });

  test("--version and --help end with 0", () => {
    expect(wgrad(["--version"])).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+/) });
    expect(wgrad(["train", "--help"])).toMatchObject({ code: 0, out: expect.stringMatching(/--resume/) });
  });
});
