// The network of layers.json, built from its list of modules, so that the file and the test cannot drift
// apart.
import * as nn from "../../src/layers/index.ts";
import { loadLayers } from "../golden/load.ts";

const BUILD: Record<string, (args: Record<string, number>) => nn.Layer> = {
  Conv2d: ({ inChannels, outChannels, kernelSize, padding }) =>
    new nn.Conv2d(inChannels, outChannels, { kernelSize, padding }),
  BatchNorm2d: ({ channels }) => new nn.BatchNorm2d(channels),
  ReLU: () => new nn.ReLU(),
  MaxPool2d: ({ kernelSize }) => new nn.MaxPool2d(kernelSize),
  Flatten: () => new nn.Flatten(),
  Linear: ({ inFeatures, outFeatures }) => new nn.Linear(inFeatures, outFeatures),
};

/** x [n, 3, 9, 7] -> [n, 5] */
export function goldenSequential(): nn.Sequential {
  return new nn.Sequential(...loadLayers().sequential.modules.map(({ layer, args }) => BUILD[layer](args)));
}
