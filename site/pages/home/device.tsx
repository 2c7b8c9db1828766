// What the browser gave: the adapter, its limits that matter here, and its features.

import type { AdapterReport } from "../../engine/protocol.ts";

/** The limits that decide what fits and how fast it is; all of them stand below. */
const CHOSEN = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupsPerDimension",
];

export function DeviceTable({ adapter }: { adapter: AdapterReport }) {
  const limits = Object.entries(adapter.limits);
  return (
    <>
      {adapter.software && (
        <p class="message info">
          <strong>A software adapter:</strong> the processor computes what a GPU would. Everything works and
          is true, but slowly; the times are those of this processor.
        </p>
      )}
      <table>
        <tbody>
          <Row name="adapter" value={adapter.name} />
          <Row name="kind" value={adapter.software ? "software" : "hardware"} />
          <Row name="vendor" value={adapter.vendor || "not told"} />
          <Row name="architecture" value={adapter.architecture || "not told"} />
          {limits
            .filter(([name]) => CHOSEN.includes(name))
            .map(([name, value]) => (
              <Row key={name} name={wordsOf(name)} value={quantity(name, value)} />
            ))}
        </tbody>
      </table>
      <details>
        <summary>All {limits.length} limits</summary>
        <table class="small">
          <tbody>
            {limits.map(([name, value]) => (
              <Row key={name} name={wordsOf(name)} value={value.toLocaleString("en")} />
            ))}
          </tbody>
        </table>
      </details>
      <details>
        <summary>{adapter.features.length} features</summary>
        <ul class="small">
          {adapter.features.map((name) => (
            <li key={name}>{name}</li>
          ))}
        </ul>
      </details>
    </>
  );
}

function Row({ name, value }: { name: string; value: string }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{value}</td>
    </tr>
  );
}

/** `maxBufferSize` -> `max buffer size` */
const wordsOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

function quantity(name: string, value: number): string {
  if (!name.endsWith("Size")) return value.toLocaleString("en");
  const [unit, size] = value >= 2 ** 20 ? ["MiB", 2 ** 20] : ["KiB", 2 ** 10];
  return `${Number((value / size).toFixed(1)).toLocaleString("en")} ${unit}`;
}
