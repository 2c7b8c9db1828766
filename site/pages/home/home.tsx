// Page "Home": what this is, whether it works on this device, and a network that learns meanwhile.

import { useEffect } from "preact/hooks";
import { opened } from "../../engine/session.ts";
import { linkTo } from "../../frame/route.ts";
import { DeviceTable } from "./device.tsx";
import "./home.css";
import { Picture } from "./picture.tsx";
import { Report } from "./report.tsx";
import { SelfTest } from "./self_test.tsx";
import { begin } from "./state.ts";

export function Home() {
  useEffect(() => void begin(), []);
  const state = opened.value;
  return (
    <>
      <h1>Neural networks, trained in this tab, with every number open</h1>
      <p>
        A network learns on your own GPU, in this page. Every value it computes can be opened, down to the sum
        that made it, the line of the shader that added it up, and the time that took.
      </p>
      <Picture />
      {state && !state.ok && <WithoutGpu />}
      <div class="grid home-checks">
        <section class="panel" aria-labelledby="home-device">
          <h2 id="home-device">This device</h2>
          {!state ? (
            <p aria-busy="true">Asking the browser for a GPU</p>
          ) : state.ok ? (
            <DeviceTable adapter={state.adapter} />
          ) : (
            <p>No device. What the browser said stands in the report.</p>
          )}
        </section>
        <SelfTest />
        <Report />
      </div>
    </>
  );
}

function WithoutGpu() {
  return (
    <section class="panel" aria-labelledby="home-without">
      <h2 id="home-without">What this site does where there is a GPU</h2>
      <ul>
        <li>
          <a href={linkTo("train")}>Train</a>: build a network from layers, train it on handwritten digits or
          on your own pictures, and compare runs. The layer list and its shapes can be edited without a GPU.
        </li>
        <li>
          <a href={linkTo("microscope")}>Microscope</a>: the filters and feature maps of the network while it
          learns.
        </li>
        <li>
          <a href={linkTo("bench")}>Bench</a>: how fast this device runs the kernels, and how close to its
          limits.
        </li>
      </ul>
    </section>
  );
}
