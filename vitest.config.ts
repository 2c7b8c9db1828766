// Tests. Dawn is a native add-on that cannot be loaded into worker threads twice: processes, two at most, since
// SwiftShader itself uses every core.
import { defineConfig } from "vitest/config";

// .ci/run names a file here and counts the tests in it.
const json = process.env.WGRAD_TEST_JSON;

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    globalSetup: ["test/global_setup.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    reporters: json ? ["default", ["json", { outputFile: json }]] : ["default"],
  },
});
