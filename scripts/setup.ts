// What tests and benches need beyond npm packages: an adapter for Node and a Chrome for the browser tests. Chrome brings
// SwiftShader along, so one installation does for both. `npm run setup`; also run before the tests.
import { pathToFileURL } from "node:url";
import { describeAdapter } from "../src/hosts/adapter.ts";
import { findChrome } from "../src/hosts/chrome.ts";
import { findAdapter } from "../src/hosts/dawn.ts";
import { ensureSoftwareDriver } from "../src/hosts/software.ts";

/** Makes sure of both and says in two lines what was chosen. Throws DeviceError saying what to install. */
export async function setUp(): Promise<void> {
  const chrome = await findChrome({ install: true });
  const found = await findAdapter().catch(async () => {
    await ensureSoftwareDriver({ install: true });
    return findAdapter();
  });
  console.log(`adapter: ${describeAdapter(found.adapter, found.driver)}`);
  console.log(`browser: ${chrome}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await setUp();
