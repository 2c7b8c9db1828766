// The model as a list of layers that can be edited: the shape behind each, its parameters, and what is wrong next to where it is.

import { useEffect, useRef, useState } from "preact/hooks";
import { type CheckedLayer, LAYER_KINDS, type LayerKind, type LayerSpec } from "../../engine/layers.ts";
import { ChoiceField } from "../../parts/choice_field.tsx";
import { count } from "../../parts/format.ts";
import { NumberField } from "../../parts/number_field.tsx";
import { addLayer, fieldsOf, fieldValue, moveLayer, removeLayer, setField } from "./layer_edit.ts";
import { change, checked, classCount } from "./state.ts";

const MOST_LAYERS = 32;

/** A button of a row: the focus follows a layer that moves. */
type Target = { readonly at: number; readonly button: "up" | "down" | "remove" } | null;

export function LayerList() {
  const { layers, parameters, fault } = checked.value;
  const specs = layers.map((l) => l.layer);
  const list = useRef<HTMLOListElement>(null);
  const [target, setTarget] = useState<Target>(null);
  useEffect(() => {
    if (!target) return;
    const row = list.current?.children[Math.min(target.at, specs.length - 1)];
    const enabled = [target.button, "up", "down", "remove"]
      .map((name) => row?.querySelector<HTMLButtonElement>(`button[data-do="${name}"]`))
      .find((button) => button && !button.disabled);
    enabled?.focus();
    setTarget(null);
  }, [target]);
  const set = (next: readonly LayerSpec[], then: Target = null) => {
    change({ layers: next });
    setTarget(then);
  };
  return (
    <div>
      <p class="small muted">
        In: a grey picture [1, 28, 28]. Out: one number for each of {classCount.value} classes.
      </p>
      <ol class="layer-list" ref={list}>
        {layers.map((item, at) => (
          <LayerRow key={`${at} ${item.layer.kind}`} item={item} at={at} specs={specs} set={set} />
        ))}
      </ol>
      <AddLayer count={specs.length} onAdd={(kind, at) => set(addLayer(specs, kind, at))} />
      <p class={`small ${fault ? "bad" : ""}`} role="status" data-layers-fault={fault !== null}>
        {fault ?? `The list fits: ${count(parameters)} parameters.`}
      </p>
    </div>
  );
}

interface LayerRowProps {
  readonly item: CheckedLayer;
  readonly at: number;
  readonly specs: readonly LayerSpec[];
  readonly set: (next: readonly LayerSpec[], then?: Target) => void;
}

function LayerRow({ item, at, specs, set }: LayerRowProps) {
  const { layer, output, parameters, fault } = item;
  const name = `layer ${at + 1}, ${layer.kind}`;
  const button = (
    label: string,
    sign: string,
    to: NonNullable<Target>,
    disabled: boolean,
    act: () => LayerSpec[],
  ) => (
    <button
      type="button"
      class="tight"
      data-do={to.button}
      aria-label={`${label} ${name}`}
      disabled={disabled}
      onClick={() => set(act(), to)}
    >
      {sign}
    </button>
  );
  return (
    <li>
      <div class="layer-row">
        <strong class="layer-kind">{layer.kind}</strong>
        <div class="layer-fields">
          {fieldsOf(layer).map((field) => (
            <NumberField
              key={field.name}
              label={field.label}
              value={fieldValue(layer, field.name)}
              low={field.low}
              high={field.high}
              whole={field.whole}
              width="4.5rem"
              onValue={(value) => set(setField(specs, at, field.name, value))}
            />
          ))}
        </div>
        <span class="layer-shape mono">
          {output ? `[${output.join(", ")}]` : "-"}
          {parameters > 0 && <span class="muted small"> {count(parameters)} parameters</span>}
        </span>
        <span class="layer-buttons">
          {button("Move up", "↑", { at: at - 1, button: "up" }, at === 0, () => moveLayer(specs, at, -1))}
          {button("Move down", "↓", { at: at + 1, button: "down" }, at === specs.length - 1, () =>
            moveLayer(specs, at, 1),
          )}
          {button("Remove", "×", { at, button: "remove" }, false, () => removeLayer(specs, at))}
        </span>
      </div>
      {fault && <p class="bad small layer-fault">{fault}</p>}
    </li>
  );
}

function AddLayer({ count, onAdd }: { count: number; onAdd: (kind: LayerKind, at: number) => void }) {
  const [kind, setKind] = useState<LayerKind>("conv");
  const [at, setAt] = useState<string | null>(null);
  // In front of the last layer, which gives the classes, unless another place was chosen.
  const place = Math.min(count, at === null ? Math.max(0, count - 1) : Number(at));
  const places = Array.from({ length: count + 1 }, (_, i): [string, string] => [
    String(i),
    i === count ? "at the end" : `in front of ${i + 1}`,
  ]);
  return (
    <div class="row layer-add">
      <ChoiceField
        label="New layer"
        value={kind}
        choices={LAYER_KINDS.map((k): [LayerKind, string] => [k, k])}
        onValue={setKind}
      />
      <ChoiceField label="Place" value={String(place)} choices={places} onValue={setAt} />
      <button type="button" disabled={count >= MOST_LAYERS} onClick={() => onAdd(kind, place)}>
        Add the layer
      </button>
      {count >= MOST_LAYERS && <span class="small muted">at most {MOST_LAYERS} layers</span>}
    </div>
  );
}
