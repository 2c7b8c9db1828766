// Changes of the layer list of the Train page.
import { expect, test } from "vitest";
import {
  checkLayers,
  LAYER_KINDS,
  layersText,
  layerText,
  PRESETS,
  parseLayers,
} from "../../site/engine/layers.ts";
import {
  addLayer,
  fieldsOf,
  fieldValue,
  fitEnd,
  freshLayer,
  moveLayer,
  presetOf,
  removeLayer,
  setField,
} from "../../site/pages/train/layer_edit.ts";

const lenet = parseLayers(PRESETS.lenet!);

test("a layer is added in front of a place, moved and removed; the list given stays as it was", () => {
  const before = layersText(lenet);
  const added = addLayer(lenet, "dropout", 7);
  expect(layersText(added.slice(6))).toBe("flatten, dropout 0.25, linear 10");
  expect(layersText(moveLayer(added, 7, -1).slice(6))).toBe("dropout 0.25, flatten, linear 10");
  expect(layersText(removeLayer(added, 7))).toBe(before);
  expect(layersText(lenet)).toBe(before);
});

test("the first layer cannot move up, nor the last down", () => {
  expect(layersText(moveLayer(lenet, 0, -1))).toBe(layersText(lenet));
  expect(layersText(moveLayer(lenet, lenet.length - 1, 1))).toBe(layersText(lenet));
});

test("every kind of layer has a first form that its own link understands, with every number in range", () => {
  for (const kind of LAYER_KINDS) {
    const layer = freshLayer(kind);
    expect(parseLayers(layerText(layer))).toEqual([layer]);
    for (const { name, low, high } of fieldsOf(layer)) {
      expect(fieldValue(layer, name)).toBeGreaterThanOrEqual(low);
      for (const value of [low, high]) {
        const [set] = setField([layer], 0, name, value);
        expect(parseLayers(layerText(set!)), `${kind} ${name} ${value}`).toEqual([set]);
      }
    }
  }
});

test("the end is fitted to the number of classes, which keeps the preset's name", () => {
  const three = fitEnd(lenet, 3);
  expect(checkLayers(three, [1, 28, 28], 3).fault).toBeNull();
  expect(presetOf(three, 3)).toBe("lenet");
  expect(presetOf(three, 10)).toBeNull();
  expect(presetOf(removeLayer(three, 0), 3)).toBeNull();
  expect(fitEnd(parseLayers("flatten"), 3)).toEqual([{ kind: "flatten" }]);
  expect(fitEnd([], 3)).toEqual([]);
});
