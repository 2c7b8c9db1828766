// The machine as the finders see it: platform, environment, home, and a root in front of absolute paths, so that tests
// can lay out a made-up machine in a folder. No decisions here.
import { accessSync, constants, existsSync, readdirSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/** Where to look. */
export interface Machine {
  /** As `process.platform`; a string, so that the public types need no @types/node. */
  platform: string;
  arch: string;
  env: Record<string, string | undefined>;
  home: string;
  /** Put before every absolute path; empty on a real machine. */
  root: string;
}

/** This machine. */
export function thisMachine(): Machine {
  return { platform: process.platform, arch: process.arch, env: process.env, home: homedir(), root: "" };
}

/** An absolute path on that machine. */
export function at(machine: Machine, path: string): string {
  return machine.root ? join(machine.root, path) : path;
}

/** Names in a folder, newest version first; none where the folder is missing or closed to us. */
export function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
  } catch {
    return [];
  }
}

/** Whether a file exists and may be executed. */
export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return existsSync(file);
  } catch {
    return false;
  }
}

/** The folder a file really lies in, links followed. */
export function realFolder(file: string): string {
  try {
    return dirname(realpathSync(file));
  } catch {
    return dirname(file);
  }
}

/** Each path once, in order. */
export function unique(paths: readonly string[]): string[] {
  return [...new Set(paths)];
}
