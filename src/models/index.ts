// The namespace `models`, listed by hand.

export { LeNet, type LeNetOptions } from "./lenet.ts";
export { Mlp, type MlpOptions } from "./mlp.ts";
