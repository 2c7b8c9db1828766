// The entry `wgrad/selftest`: the op table as a function, for pages and programs; `wgrad selftest` is the same as a command.
// An entry of its own, so that the table's samples and references weigh on nobody who does not call it.
export { failuresOf, heading, lastLine, opLine, summary } from "./report.ts";
export { type OpReport, type SelftestOptions, type SelftestReport, selftest } from "./run.ts";
