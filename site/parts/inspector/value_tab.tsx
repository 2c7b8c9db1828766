// Value: the number, where it stands among those of its tensor.

import { count, exact, short } from "./numbers.ts";
import type { TabProps } from "./tabs.tsx";

export function ValueTab({ inspection: { value, shape, statistics, label } }: TabProps) {
  const { min, max, mean, std, zeros } = statistics;
  const total = shape.reduce((n, s) => n * s, 1);
  const place = max > min ? (100 * (value - min)) / (max - min) : 50;
  const rows: [string, string][] = [
    ["tensor", label],
    ["shape", `[${shape.join(", ")}], ${count(total)} numbers`],
    ["smallest", exact(min)],
    ["largest", exact(max)],
    ["mean", exact(mean)],
    ["standard deviation", exact(std)],
    ["zeros", `${count(zeros)} (${((100 * zeros) / Math.max(total, 1)).toFixed(1)} %)`],
    ["distance from the mean", std > 0 ? `${short((value - mean) / std)} standard deviations` : "none"],
  ];
  return (
    <>
      <p class="big-value mono">{exact(value)}</p>
      <div class="range" aria-hidden="true">
        <span style={{ left: `${place}%` }} />
      </div>
      <p class="row spread small muted">
        <span>{short(min)}</span>
        <span>{short(max)}</span>
      </p>
      <table class="small">
        <caption class="visually-hidden">The tensor's statistics</caption>
        <tbody>
          {rows.map(([name, text]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="mono">{text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
