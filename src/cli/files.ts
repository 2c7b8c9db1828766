// Files the command writes: checked before work starts, so that an hour of training does not end in "permission
// denied", and written beside and renamed, so that a crash leaves the old file whole.
import {
  accessSync,
  appendFileSync,
  constants,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { OptionError } from "../gpu/errors.ts";

const REASONS: Record<string, string> = {
  EACCES: "permission denied",
  EEXIST: "it is a file",
  EISDIR: "it is a folder",
  ENOENT: "no such file or folder",
  ENOSPC: "the disk is full",
  ENOTDIR: "a part of the path is a file",
  EPERM: "not permitted",
  EROFS: "the file system is read-only",
};

function reason(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return REASONS[code] ?? (code || String(error));
}

/** `mkdir -p`. Not Node's own `recursive`, which never returns where a file system like /proc answers ENOENT. */
function makeFolder(folder: string): void {
  if (isFolder(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent);
  try {
    mkdirSync(folder);
  } catch (error) {
    if (!isFolder(folder)) throw error; // another process may have been faster
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Makes a folder and proves by a file that it can be written to. Throws OptionError. */
export function writableFolder(option: string, path: string): string {
  const folder = resolve(path);
  const probe = join(folder, `.wgrad-${process.pid}`);
  try {
    makeFolder(folder);
    writeFileSync(probe, "");
    rmSync(probe);
  } catch (error) {
    throw new OptionError(`${option}: cannot write to the folder ${folder}: ${reason(error)}`);
  }
  return folder;
}

/** A file that can be written, its folder made. Throws OptionError. */
export function writableFile(option: string, path: string): string {
  const file = resolve(path);
  writableFolder(option, dirname(file));
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
    throw new OptionError(`${option}: must name a file, ${file} is a folder`);
  }
  return file;
}

/** An existing file or folder that can be read. Throws OptionError. */
export function readablePath(option: string, path: string): string {
  const found = resolve(path);
  try {
    accessSync(found, constants.R_OK);
  } catch (error) {
    throw new OptionError(`${option}: cannot read ${found}: ${reason(error)}`);
  }
  return found;
}

/** Adds to the end of a file. Throws OptionError. */
export function appendText(option: string, file: string, text: string): void {
  try {
    appendFileSync(file, text);
  } catch (error) {
    throw new OptionError(`${option}: cannot write ${file}: ${reason(error)}`);
  }
}

/** Writes an object as JSON, at once or not at all. */
export function writeJson(file: string, value: unknown): void {
  writeWhole("--json", file, `${JSON.stringify(value, null, 2)}\n`);
}

/** Replaces a file at once or not at all: a process killed meanwhile leaves the old one whole. Throws OptionError. */
export function writeWhole(option: string, file: string, content: Uint8Array | string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, content, { flush: true });
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new OptionError(`${option}: cannot write ${file}: ${reason(error)}`);
  }
}
