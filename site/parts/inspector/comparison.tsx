// What the CPU gets in float64 beside what the GPU has in float32, and whether the difference is no more than rounding.

import { exact, short } from "./numbers.ts";

interface ComparisonProps {
  readonly expected: number;
  readonly value: number;
  readonly bound: number;
}

export function Comparison({ expected, value, bound }: ComparisonProps) {
  const difference = Math.abs(value - expected);
  const within = difference <= bound;
  return (
    <>
      <table class="steps small">
        <caption class="visually-hidden">CPU and GPU compared</caption>
        <tbody>
          <tr>
            <th scope="row">CPU, float64</th>
            <td class="number mono">{exact(expected)}</td>
          </tr>
          <tr>
            <th scope="row">GPU, float32</th>
            <td class="number mono">
              <b>{exact(value)}</b>
            </td>
          </tr>
          <tr>
            <th scope="row">difference</th>
            <td class="number mono">{short(difference)}</td>
          </tr>
          <tr>
            <th scope="row">rounding allows</th>
            <td class="number mono">{short(bound)}</td>
          </tr>
        </tbody>
      </table>
      <p class={within ? "good small" : "bad small"}>
        {within ? "The two agree within rounding." : "The two differ by more than rounding explains."}
      </p>
    </>
  );
}
