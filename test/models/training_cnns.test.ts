// Every network of convolutions that tells classes trains. What is asked: trained.ts. Numbers against PyTorch: test/parity. The other
// architectures: training_others.test.ts.
import { beforeAll, test } from "vitest";
import type { Device } from "../../src/gpu/device.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { CNN_TASKS } from "./image_tasks.ts";
import { checkTrains } from "./trained.ts";

let device: Device;
beforeAll(async () => {
  device = await requestDevice();
});

test.each(Object.entries(CNN_TASKS))("%s", (_, t) => checkTrains(t, device));
