// NIfTI-1 files for the tests, whole or wrong.

export interface Parts {
  dims?: number[];
  type?: number;
  bits?: number;
  offset?: number;
  slope?: number;
  inter?: number;
  pixdim?: number[];
  little?: boolean;
  magic?: string;
  units?: number;
  sform?: number[][] | null;
  /** b, c, d of a quaternion; takes the place of the sform. */
  quaternion?: readonly number[];
  extension?: boolean;
  write?: (view: DataView, at: number, little: boolean) => void;
  bytes?: number;
}

/** A NIfTI-1 file; by default 2 x 3 x 2 voxels of u8, 0 to 11. */
export function nifti1(parts: Parts = {}): Uint8Array {
  const {
    dims = [3, 2, 3, 2],
    type = 2,
    bits = 8,
    offset = 352,
    slope = 0,
    inter = 0,
    little = true,
  } = parts;
  const { pixdim = [1, 2, 3, 4], magic = "n+1\0", units = 2, bytes = 12, extension = false } = parts;
  const file = new Uint8Array(offset + bytes);
  const view = new DataView(file.buffer);
  view.setInt32(0, 348, little);
  for (const [i, d] of dims.entries()) view.setInt16(40 + 2 * i, d, little);
  view.setInt16(70, type, little);
  view.setInt16(72, bits, little);
  for (const [i, d] of pixdim.entries()) view.setFloat32(76 + 4 * i, d, little);
  view.setFloat32(108, offset, little);
  view.setFloat32(112, slope, little);
  view.setFloat32(116, inter, little);
  view.setUint8(123, units);
  if (parts.quaternion) {
    view.setInt16(252, 1, little);
    for (const [i, v] of parts.quaternion.entries()) view.setFloat32(256 + 4 * i, v, little);
  } else if (parts.sform !== null) {
    view.setInt16(254, 1, little);
    const rows = parts.sform ?? [
      [2, 0, 0, -10],
      [0, 3, 0, -20],
      [0, 0, 4, -30],
    ];
    for (const [r, row] of rows.entries())
      for (const [c, v] of row.entries()) view.setFloat32(280 + 16 * r + 4 * c, v, little);
  }
  for (let i = 0; i < 4; i++) file[344 + i] = magic.charCodeAt(i);
  if (extension) file[348] = 1;
  if (parts.write) parts.write(view, offset, little);
  else for (let i = 0; i < bytes; i++) file[offset + i] = i;
  return file;
}
