// Opens the page of the browser tests in a headless Chrome. WebGPU runs on SwiftShader, as in the other tests.
import { findChrome } from "../../src/hosts/chrome.ts";
import { type OpenPage, openIn } from "./serve.ts";

const FLAGS = [
  "--no-sandbox", // containers run as root
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** Throws DeviceError if there is no Chrome and none can be installed. */
export async function openChrome(path: string): Promise<OpenPage> {
  const executablePath = await findChrome({ install: true });
  return openIn({ executablePath, args: FLAGS }, path);
}
