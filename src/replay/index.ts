// The entry `wgrad/replay`: runs what `exportPrograms` wrote, in a few kilobytes.

export {
  DeviceError,
  DeviceLostError,
  FormatError,
  LimitError,
  OptionError,
  ShapeError,
  UsageError,
  ValidationError,
  WgradError,
} from "../gpu/errors.ts";
export { type HostTensor, openPrograms, Programs } from "./programs.ts";
