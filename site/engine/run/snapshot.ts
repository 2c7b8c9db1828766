// Where a run stands, on the CPU: all that the next step depends on, so that it can go on bit by bit on another device.

import { withDevice } from "../../../src/gpu/device.ts";
import type { OptimizerState } from "../../../src/optim/optimizer.ts";
import type { ScheduleState } from "../../../src/optim/schedule.ts";
import { tensor } from "../../../src/tensor/create.ts";
import type { GeneratorState } from "../../../src/tensor/philox.ts";
import { scope } from "../../../src/tensor/scope.ts";
import type { MeterState } from "../meter.ts";
import type { Network } from "../network.ts";
import { type HostTensor, readTensors } from "../reading.ts";

export interface Snapshot {
  readonly step: number;
  readonly schedule: ScheduleState;
  readonly optimizer: OptimizerState;
  readonly random: GeneratorState;
  readonly meter: MeterState;
  /** Of model and optimizer (`optimizer/0.exp_avg`). */
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

/** What a run that was replayed knows of where it stands: the host's state is that of a run after so many steps. */
export type Carried = Pick<Snapshot, "step" | "meter" | "tensors">;

/** In front of the names of the optimizer's tensors. */
export const OPTIMIZER = "optimizer/";

/** States and tensors are taken together, at once; the run may go on while the promise waits for the values. */
export function takeSnapshot(network: Network, step: number): Promise<Snapshot> {
  const { model, optimizer, schedule, meter } = network;
  const states = {
    ...{ step, schedule: schedule.state(), optimizer: optimizer.state() },
    random: network.random,
  };
  const moments = [...optimizer.stateTensors()].map(([name, t]) => [OPTIMIZER + name, t] as const);
  const reading = Promise.all([readTensors([...model.stateDict(), ...moments]), meter.state()]);
  for (const [, t] of moments) t.release("a snapshot");
  return reading.then(([tensors, meter]) => ({ ...states, tensors, meter }));
}

/** With the host's state, that of `network` moved on from step 0. */
export function completed(network: Network, at: Snapshot | Carried): Snapshot {
  if ("schedule" in at) return at;
  network.forward(at.step);
  const { schedule, optimizer, random } = network;
  return { ...at, schedule: schedule.state(), optimizer: optimizer.state(), random };
}

export function restoreSnapshot(network: Network, snapshot: Snapshot): void {
  const { model, optimizer, schedule, meter, device } = network;
  const { tensors } = snapshot;
  withDevice(device, () =>
    scope(() => {
      const own = new Map([...tensors].filter(([name]) => model.stateDict().has(name)));
      model.loadStateDict(own);
      const moments = [...tensors].filter(([name]) => name.startsWith(OPTIMIZER));
      const given = moments.map(([name, { data, shape }]) => {
        return [name.slice(OPTIMIZER.length), tensor(data, { shape })] as const;
      });
      optimizer.loadState(snapshot.optimizer, new Map(given));
      meter.restore(snapshot.meter);
    }, "restore"),
  );
  schedule.loadState(snapshot.schedule);
  network.random = snapshot.random;
}
