// The entry `wgrad/node`: all of `wgrad`, with the requestDevice of Node (Dawn) in place of the browser's.

export {
  type DataSource,
  type Download,
  dataReader,
  findDataFile,
  type LookupOptions,
  MNIST_SOURCE,
} from "./data/sets/files.ts";
export { ADAPTER_KINDS, type AdapterKind, type RequestOptions } from "./hosts/adapter.ts";
export { describeDevice, requestDevice } from "./hosts/node.ts";
export { ensureSoftwareDriver, findSoftwareDrivers, type SoftwareDriver } from "./hosts/software.ts";
export * from "./index.ts";
