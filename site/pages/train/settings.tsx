// The settings of the next run. All of them stand in the address: the link is the run.

import { PRESETS, parseLayers } from "../../engine/layers.ts";
import type { OptimizerName, RunConfig, ScheduleName } from "../../engine/protocol.ts";
import { ChoiceField } from "../../parts/choice_field.tsx";
import { Fold } from "../../parts/fold.tsx";
import { NumberField } from "../../parts/number_field.tsx";
import { fitEnd, presetOf } from "./layer_edit.ts";
import { LayerList } from "./layer_list.tsx";
import { OwnPicturesPanel } from "./own_pictures.tsx";
import { change, classCount, own, settings } from "./state.ts";

const OPTIMIZERS: readonly [OptimizerName, string][] = [
  ["sgd", "Momentum SGD"],
  ["adam", "Adam"],
  ["adamw", "AdamW"],
  ["rmsprop", "RMSprop"],
];
const SCHEDULES: readonly [ScheduleName, string][] = [
  ["constant", "constant"],
  ["cosine", "cosine to 0"],
  ["warmup", "warm-up, then cosine"],
];
const DATA: readonly [RunConfig["data"], string][] = [
  ["mnist", "MNIST digits"],
  ["own", "Own pictures"],
];
const OWN_LIST = "own list";

function chooseData(data: RunConfig["data"]): void {
  const classes = data === "mnist" ? 10 : own.value?.classes.length;
  const { layers } = settings.value;
  change({ data, layers: classes ? fitEnd(layers, classes) : layers });
}

export function Settings() {
  const { data, optimizer, lr, schedule, batch, epochs, seed, patience, layers } = settings.value;
  const preset = presetOf(layers, classCount.value) ?? OWN_LIST;
  const presets = [...Object.keys(PRESETS), ...(preset === OWN_LIST ? [OWN_LIST] : [])];
  return (
    <section class="panel" aria-labelledby="settings-title">
      <h2 id="settings-title" tabIndex={-1}>
        Settings
      </h2>
      <div class="fields">
        <ChoiceField label="Data" value={data} choices={DATA} onValue={chooseData} />
        <ChoiceField
          label="Optimizer"
          value={optimizer}
          choices={OPTIMIZERS}
          onValue={(v) => change({ optimizer: v })}
        />
        <NumberField
          label="Learning rate"
          value={lr}
          low={1e-7}
          high={10}
          onValue={(v) => change({ lr: v })}
        />
        <ChoiceField
          label="Schedule"
          value={schedule}
          choices={SCHEDULES}
          onValue={(v) => change({ schedule: v })}
        />
        <NumberField
          label="Batch"
          whole
          value={batch}
          low={1}
          high={512}
          onValue={(v) => change({ batch: v })}
        />
        <NumberField
          label="Epochs"
          whole
          value={epochs}
          low={1}
          high={200}
          onValue={(v) => change({ epochs: v })}
        />
        <NumberField
          label="Seed"
          whole
          value={seed}
          low={0}
          high={2 ** 31 - 1}
          onValue={(v) => change({ seed: v })}
        />
        <NumberField
          label="Patience, epochs"
          whole
          value={patience}
          low={0}
          high={50}
          hint="without a lower validation loss, then stop; 0: never"
          onValue={(v) => change({ patience: v })}
        />
      </div>
      {data === "own" && <OwnPicturesPanel />}
      <Fold heading={<h3>Model</h3>}>
        <ChoiceField
          label="Preset"
          value={preset}
          choices={presets.map((name): [string, string] => [name, name])}
          onValue={(name) =>
            PRESETS[name] && change({ layers: fitEnd(parseLayers(PRESETS[name]), classCount.value) })
          }
        />
        <LayerList />
      </Fold>
    </section>
  );
}
