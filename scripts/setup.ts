// What tests and benches need beyond npm packages: an adapter for Node, a Chrome for the browser tests, lavapipe for the tests
// of f16, and two data sets that are Debian's. Chrome brings SwiftShader along, so one installation does for both. `npm run
// setup`; the first two also before the tests.
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { describeAdapter } from "../src/hosts/adapter.ts";
import { findChrome } from "../src/hosts/chrome.ts";
import { type FoundAdapter, findAdapter } from "../src/hosts/dawn.ts";
import { aptData, aptLavapipe } from "../src/hosts/install.ts";
import { ensureSoftwareDriver } from "../src/hosts/software.ts";

/** Makes sure of adapter and Chrome and says in two lines what was chosen. Throws DeviceError saying what to install. */
export async function setUp(): Promise<void> {
  const chrome = await findChrome({ install: true });
  const found = await findAdapter().catch(async () => {
    await ensureSoftwareDriver({ install: true });
    return findAdapter();
  });
  console.log(`adapter: ${describeAdapter(found.adapter, found.driver)}`);
  console.log(`browser: ${chrome}`);
}

/** Installs lavapipe where it is missing or too old, if that is possible, and says in one line how it came out. */
export async function setUpLavapipe(): Promise<void> {
  const found = (await lavapipe()) ?? ((await aptLavapipe().catch(() => false)) ? await lavapipe() : null);
  const line = found ? describeAdapter(found.adapter, found.driver) : "none; tests of f16 will be skipped";
  console.log(`f16: ${line}`);
}

/** Debian's package, and a file of it. */
const DATA = [
  ["dataset-fashion-mnist", "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz"],
  ["mricron-data", "/usr/share/mricron/templates/ch2.nii.gz"],
] as const;

/** Installs data sets of Debian where that is possible; their recipes say what to do otherwise. */
export async function setUpData(): Promise<void> {
  const states: string[] = [];
  for (const [name, file] of DATA) {
    const there = existsSync(file) || ((await aptData(name).catch(() => false)) && existsSync(file));
    states.push(there ? name : `${name} missing (its tests are skipped)`);
  }
  console.log(`data: ${states.join(", ")}`);
}

const lavapipe = (): Promise<FoundAdapter | null> => findAdapter({ adapter: "lavapipe" }).catch(() => null);

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await setUp();
  await setUpLavapipe();
  await setUpData();
}
