// NIfTI-1 and NIfTI-2 in one file (.nii, .nii.gz): sizes, voxel sizes, orientation, and the values as f32 with slope and
// intercept applied. nifti-reader-js reads the header; everything that decides how much memory is taken is checked here,
// before. Not the pairs .hdr/.img, not complex or colour voxels; extensions of the header are skipped.
import { readHeader } from "nifti-reader-js";
import { FormatError } from "../../gpu/errors.ts";
import { type Inflate, isGzip, unpackGzip } from "./gzip.ts";

export interface NiftiVolume {
  /** Voxel values, slope and intercept applied. */
  readonly data: Float32Array;
  /** Row-major, so the reverse of the file's: [z, y, x], or [t, z, y, x]. x runs fastest. */
  readonly shape: readonly number[];
  /** Millimetres of a voxel along x, y, z. */
  readonly voxel: readonly [x: number, y: number, z: number];
  /** Where x, y and z grow towards: R or L, A or P, S or I; e.g. "RAS". Of an oblique image the nearest. */
  readonly orientation: string;
  /** Rows of the 4x4 matrix from voxel indices (x, y, z, 1) to millimetres (right, anterior, superior, 1). */
  readonly affine: readonly (readonly number[])[];
}

interface Voxels {
  readonly bytes: number;
  readonly read: (view: DataView, at: number, little: boolean) => number;
}

const VOXELS = new Map<number, Voxels>([
  [2, { bytes: 1, read: (v, at) => v.getUint8(at) }],
  [4, { bytes: 2, read: (v, at, little) => v.getInt16(at, little) }],
  [8, { bytes: 4, read: (v, at, little) => v.getInt32(at, little) }],
  [16, { bytes: 4, read: (v, at, little) => v.getFloat32(at, little) }],
  [64, { bytes: 8, read: (v, at, little) => v.getFloat64(at, little) }],
  [256, { bytes: 1, read: (v, at) => v.getInt8(at) }],
  [512, { bytes: 2, read: (v, at, little) => v.getUint16(at, little) }],
  [768, { bytes: 4, read: (v, at, little) => v.getUint32(at, little) }],
  [1024, { bytes: 8, read: (v, at, little) => Number(v.getBigInt64(at, little)) }],
  [1280, { bytes: 8, read: (v, at, little) => Number(v.getBigUint64(at, little)) }],
]);

/** Bytes of the header with its four flags of extensions, and where the magic stands. */
const VERSIONS = [
  { size: 348, header: 352, magicAt: 344, magic: "n+1", pair: "ni1" },
  { size: 540, header: 544, magicAt: 4, magic: "n+2", pair: "ni2" },
] as const;

/** A quaternion is stored as b, c, d; 1 - b² - c² - d² may round to this much below 0 and then stands for 0. */
const LEAST_SQUARE = -1e-6;

/** Millimetres of a unit: unknown (taken for mm), metre, mm, micrometre. */
const UNITS = [1, 1000, 1, 1e-3];

type Fail = (rule: string) => never;

/**
 * Reads a whole file; `name` stands in the messages.
 *
 * @throws FormatError if the file is of another kind, truncated, of sizes that its bytes do not hold, or gzipped without
 *   `inflate`
 */
export function readNifti(
  file: Uint8Array,
  { inflate, name = "NIfTI file" }: { inflate?: Inflate; name?: string } = {},
): NiftiVolume {
  const who = `readNifti: ${name}`;
  const fail: Fail = (rule) => {
    throw new FormatError(`${who} ${rule}`);
  };
  const bytes = isGzip(file) ? unpackGzip(file, who, inflate) : file;
  const header = headerOf(bytes, fail);
  const shape = sizes(header.dims, fail);
  const kind = VOXELS.get(header.datatypeCode);
  if (!kind) return fail(`has voxels of datatype ${header.datatypeCode}, which is not a real number here`);
  if (header.numBitsPerVoxel !== 8 * kind.bytes)
    fail(
      `says ${header.numBitsPerVoxel} bits a voxel, datatype ${header.datatypeCode} has ${8 * kind.bytes}`,
    );
  const start = header.vox_offset;
  if (!(Number.isSafeInteger(start) && start >= header.least))
    fail(`says its voxels begin at byte ${start}, the header takes ${header.least}`);
  const count = shape.reduce((product, size) => product * size, 1); // may round, but then far beyond any file's length
  const end = start + count * kind.bytes;
  if (end > bytes.length)
    fail(`of sizes [${[...shape].reverse()}] needs ${end} bytes, has ${bytes.length}: truncated or corrupt`);
  return { data: values(bytes, start, count, kind, header), shape, ...geometry(header, fail) };
}

type Header = ReturnType<typeof headerOf>;

function headerOf(bytes: Uint8Array, fail: Fail) {
  if (bytes.length < VERSIONS[0].header) fail(`has ${bytes.length} bytes, the header alone takes 352`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const version = VERSIONS.find((v) => [true, false].some((little) => view.getInt32(0, little) === v.size));
  const magic = version ? text(bytes, version.magicAt) : "";
  if (magic && magic === version?.pair) fail("is the header of a pair; its voxels are in another file");
  if (!version || magic !== version.magic)
    return fail("is not NIfTI: no header size of 348 or 540 with its magic");
  if (bytes.length < version.header)
    fail(`has ${bytes.length} bytes, the header alone takes ${version.header}`);
  try {
    // A copy of the header alone: the reader would walk through extensions without bounds.
    const header = readHeader(bytes.slice(0, version.header).buffer);
    const { dims, datatypeCode, numBitsPerVoxel, vox_offset, scl_slope, scl_inter } = header;
    const { littleEndian, pixDims, xyzt_units } = header;
    const affine = affineOf(header);
    return {
      least: version.header,
      ...{ dims, datatypeCode, numBitsPerVoxel, vox_offset, scl_slope, scl_inter },
      ...{ littleEndian, pixDims, affine, xyzt_units },
    };
  } catch (cause) {
    return fail(`has a header that cannot be read: ${String(cause)}`);
  }
}

/** The quaternion or the matrix, whichever has the higher code, else the voxel sizes alone. */
function affineOf(header: ReturnType<typeof readHeader>): number[][] {
  const { qform_code, sform_code, pixDims, affine } = header;
  if (qform_code > 0 && sform_code < qform_code) {
    // The reader takes the root of what may have been rounded below 0, and in NIfTI-2 leaves quaternions out.
    const square = 1 - header.quatern_b ** 2 - header.quatern_c ** 2 - header.quatern_d ** 2;
    return square > LEAST_SQUARE ? header.getQformMat() : [[Number.NaN]];
  }
  const sizes = [...pixDims.slice(1, 4), 1];
  return sform_code > 0 ? affine : sizes.map((size, r) => sizes.map((_, c) => (r === c ? size : 0)));
}

function text(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 3));
}

/** Row-major, without the trailing axes of size 1 beyond the third. */
function sizes(dims: readonly number[], fail: Fail): number[] {
  const rank = dims[0]!;
  if (!(rank >= 1 && rank <= 7)) fail(`has ${rank} axes, NIfTI has 1 to 7`);
  const shape = dims.slice(1, rank + 1);
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 1))
    fail(`has sizes [${shape}], all must be 1 or more`);
  while (shape.length > 3 && shape.at(-1) === 1) shape.pop();
  while (shape.length < 3) shape.push(1);
  return shape.reverse();
}

function values(bytes: Uint8Array, start: number, count: number, kind: Voxels, header: Header): Float32Array {
  const { scl_slope, scl_inter, littleEndian } = header;
  // Slope 0 means "not scaled"; some writers put NaN (nibabel reads both so).
  const scaled = scl_slope !== 0 && Number.isFinite(scl_slope) && Number.isFinite(scl_inter);
  const [slope, inter] = scaled ? [scl_slope, scl_inter] : [1, 0];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const data = new Float32Array(count);
  for (let i = 0, at = start; i < count; i++, at += kind.bytes)
    data[i] = kind.read(view, at, littleEndian) * slope + inter;
  return data;
}

function geometry({ pixDims, affine, xyzt_units }: Header, fail: Fail) {
  const unit = UNITS[xyzt_units & 7] ?? 1;
  const voxel = [1, 2, 3].map((axis) => Math.abs(pixDims[axis]!) * unit) as [number, number, number];
  if (!voxel.every((size) => size > 0 && Number.isFinite(size)))
    fail(`has voxel sizes [${pixDims.slice(1, 4)}], all must be finite and not 0`);
  const rows = affine.map((row, r) => row.map((a) => (r < 3 ? a * unit : a)));
  if (!rows.flat().every(Number.isFinite)) fail("has an orientation that is not finite");
  return { voxel, orientation: orientation(rows), affine: rows };
}

const ENDS = [
  ["L", "R"],
  ["P", "A"],
  ["I", "S"],
] as const;

/** Each voxel axis to the axis of space it runs along most, the clearest pair first, none twice. */
function orientation(rows: readonly (readonly number[])[]): string {
  const pairs = [0, 1, 2].flatMap((axis) => {
    const length = Math.hypot(rows[0]![axis]!, rows[1]![axis]!, rows[2]![axis]!) || 1;
    return [0, 1, 2].map((space) => ({ axis, space, along: rows[space]![axis]! / length }));
  });
  pairs.sort((a, b) => Math.abs(b.along) - Math.abs(a.along));
  const letters: string[] = [];
  const taken = new Set<number>();
  for (const { axis, space, along } of pairs) {
    if (letters[axis] !== undefined || taken.has(space)) continue;
    letters[axis] = ENDS[space]![along < 0 ? 0 : 1];
    taken.add(space);
  }
  return letters.join("");
}
