// Runs once before all tests: a software driver and a browser, installed where there are none.
import { setUp } from "../scripts/setup.ts";

export default async function globalSetup(): Promise<void> {
  await setUp();
}
