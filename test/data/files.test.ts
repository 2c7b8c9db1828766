// Fetching official files: a server of this machine that gives the right bytes, others, none, or breaks off.
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type DataSource, dataReader, findDataFile } from "../../src/data/sets/files.ts";
import { OptionError } from "../../src/gpu/errors.ts";

const BYTES = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7) & 255);
const sum = (kind: string) => createHash(kind).update(BYTES).digest("hex");

let server: Server;
let url: string;
let home: string;
const asked: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url!);
    if (request.url === "/absent") response.writeHead(404).end("not here");
    else if (request.url === "/refused") request.socket.destroy();
    else if (request.url === "/broken") {
      response.writeHead(200, { "content-length": BYTES.length });
      response.write(BYTES.subarray(0, 1000), () => request.socket.destroy());
    } else response.end(BYTES);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => new Promise((done) => server.close(done)));

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "wgrad-files-"));
  asked.length = 0;
});

afterEach(() => rm(home, { recursive: true }));

/** Files a and b of the server with a right and a wrong checksum, and those it does not give. */
const source = (): DataSource => ({
  folder: "set",
  download: {
    a: { url: `${url}/a`, md5: sum("md5"), sha256: sum("sha256") },
    b: { url: `${url}/b`, sha256: sum("sha256").replace(/^./, (c) => (c === "0" ? "1" : "0")) },
    absent: { url: `${url}/absent`, md5: sum("md5") },
    refused: { url: `${url}/refused`, md5: sum("md5") },
    broken: { url: `${url}/broken`, md5: sum("md5") },
    nobody: { url: "http://127.0.0.1:1/nobody", md5: sum("md5") },
  },
  help: (file) => `ask a friend for ${file}`,
});

/** Nothing but the cache: in a folder of this test. */
const lookup = (download = true) => ({
  cwd: home,
  env: { XDG_CACHE_HOME: join(home, "cache"), WGRAD_DATA: join(home, "none") },
  download,
});

/** Every file below the folder of the test. */
const kept = async () =>
  (await readdir(home, { recursive: true, withFileTypes: true }))
    .filter((f) => f.isFile())
    .map((f) => f.name);

describe("fetching", () => {
  test("a file with the right checksum, once; then it is in the cache", async () => {
    const path = await findDataFile(source(), "a", lookup());
    expect(path).toBe(join(home, "cache", "wgrad", "data", "set", "a"));
    expect(Uint8Array.from(await readFile(path))).toEqual(BYTES);
    expect(await kept()).toEqual(["a"]);
    expect(Uint8Array.from(await dataReader(source(), lookup(false))("a"))).toEqual(BYTES);
    await findDataFile(source(), "a", lookup());
    expect(asked).toEqual(["/a"]);
  });

  test("not without being told to", async () => {
    await expect(findDataFile(source(), "a", lookup(false))).rejects.toThrow(
      /set: no file a .*ask a friend for a/,
    );
    expect(asked).toEqual([]);
  });

  test.each([
    ["b", /its sha256 is [0-9a-f]{64}, not [0-9a-f]{64}/],
    ["absent", /absent: 404 Not Found/],
    ["refused", /refused failed: fetch failed: .*(closed|hang up|reset)/i],
    ["broken", /broken failed: terminated: .*(closed|hang up|reset)/i],
    ["nobody", /nobody failed: fetch failed: .*(ECONNREFUSED|bad port)/],
  ])("%s: said with the reason, the help and the places; nothing is kept", async (file, message) => {
    const found = findDataFile(source(), file, lookup());
    await expect(found).rejects.toThrow(OptionError);
    await expect(found).rejects.toThrow(message);
    await expect(found).rejects.toThrow(new RegExp(`ask a friend for ${file}[^]*Looked in:[^]*cache`));
    expect(await kept()).toEqual([]);
  });
});
