// Run by Deno (wgpu, Naga): the whole op table; the report goes to the file named.
import { writeFileSync } from "node:fs";
import process from "node:process";
import { requestDevice } from "../../src/hosts/deno.ts";
import { checkTable } from "../../src/selftest/table.ts";

const [output] = process.argv.slice(2) as [string];
writeFileSync(output, JSON.stringify(await checkTable(await requestDevice())));
process.exit(0);
