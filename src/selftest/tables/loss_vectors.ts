import { infoNce, ntXent } from "../../functional/contrastive_loss.ts";
import { cosineSimilarity, normalize, pairwiseDistance } from "../../functional/similarity.ts";
import { OptionError } from "../../gpu/errors.ts";
import type { Draw } from "../draw.ts";
import { along, fold, type Nd, nd, total, zip } from "../nd.ts";
import { type HostTensor, type OpRecord, sample } from "../record.ts";
import { dotOf, loss, lse, refuses } from "./loss_rows.ts";
import { z } from "./samples.ts";

export const vectors: readonly OpRecord<{ p?: number; axis?: number; keepdim?: boolean }>[] = [
  {
    name: "normalize",
    samples: (draw) => [
      sample({}, draw.normal([5, 3])),
      sample({ axis: -1 }, draw.normal([7])),
      sample({ axis: 0, p: 3 }, draw.signed([4, 2], 0.2, 1)),
      sample({ axis: 1, p: 1 }, draw.signed([2, 3, 4], 0.2, 1)),
      sample({ axis: 1 }, draw.normal([67, 33])),
    ],
    run: ([x], o) => normalize(x, o),
    reference: ([x], { p = 2, axis = 1 }) =>
      along(x, axis, (row) => {
        const n = total(row.map((v) => Math.abs(v) ** p)) ** (1 / p);
        return row.map((v) => v / n);
      }),
    differentiable: true,
    errors: [refuses("axis", () => normalize(z([3])), /axis 1 is out of range/)],
  },
  {
    name: "pairwiseDistance",
    samples: (draw) => [
      sample({}, draw.normal([5, 3]), draw.normal([5, 3])),
      sample({ keepdim: true }, draw.normal([2, 5, 3]), draw.normal([3])),
      sample({ p: 1 }, draw.uniform([4, 3], 0, 1), draw.uniform([4, 3], 2, 3)),
      sample({ p: 3 }, draw.uniform([4], 0, 1), draw.uniform([4], 2, 3)),
    ],
    run: ([a, b], o) => pairwiseDistance(a, b, o),
    reference: ([a, b], { p = 2, keepdim = false }) =>
      fold(
        zip((u, v) => u - v + 1e-6, a, b),
        -1,
        keepdim,
        (row) => total(row.map((v) => Math.abs(v) ** p)) ** (1 / p),
      ),
    differentiable: true,
    errors: [
      refuses("shapes", () => pairwiseDistance(z([2]), z([3])), /shapes do not broadcast, \[2\] and \[3\]$/),
    ],
  },
  {
    name: "cosineSimilarity",
    samples: (draw) => [
      sample({}, draw.normal([5, 3]), draw.normal([5, 3])),
      sample({ axis: 0 }, draw.normal([5]), draw.normal([5])),
      sample({ axis: -1 }, draw.normal([4, 1, 3]), draw.normal([5, 3])),
    ],
    run: ([a, b], o) => cosineSimilarity(a, b, o),
    reference: ([a, b], { axis = 1 }) => {
      const on = axis < 0 ? axis : axis - a.shape.length;
      const sum = (x: Nd) => fold(x, on, false, total);
      const length = (x: Nd) => sum(zip((v) => v * v, x));
      const product = sum(zip((u, v) => u * v, a, b));
      const lengths = zip((u, v) => Math.sqrt(u * v), length(a), length(b));
      return zip((u, v) => u / v, product, lengths);
    },
    differentiable: true,
    compare: "largest",
    errors: [refuses("axis", () => cosineSimilarity(z([2]), z([2])), /axis 1 is out of range/)],
  },
];

const unit = (row: readonly number[]) => row.map((v) => v / Math.sqrt(dotOf(row, row)));
const rowList = (x: Nd) =>
  Array.from({ length: x.shape[0] }, (_, i) => [...x.data.slice(i * x.shape[1], (i + 1) * x.shape[1])]);

interface Temperature {
  readonly temperature?: number;
}
const contrastive = (draw: Draw): (readonly [Temperature, HostTensor, HostTensor])[] => [
  [{}, draw.normal([3, 4]), draw.normal([3, 4])],
  [{ temperature: 0.2 }, draw.normal([5, 3]), draw.normal([5, 3])],
  [{ temperature: 1 }, draw.normal([2, 9]), draw.normal([2, 9])],
  [{}, draw.normal([17, 9]), draw.normal([17, 9])],
];
const contrastiveErrors = (name: string, f: typeof ntXent) => [
  refuses("rank", () => f(z([3]), z([3])), new RegExp(`^${name}: needs two \\[n,d\\], got \\[3\\]$`)),
  refuses(
    "temperature",
    () => f(z([2, 2]), z([2, 2]), { temperature: 0 }),
    /temperature must be positive, got 0$/,
    OptionError,
  ),
];

export const contrasts = [
  loss(
    "ntXent",
    ([a, b], o: Temperature) => ntXent(a, b, o),
    ([a, b], { temperature = 0.5 }) => {
      const views = [...rowList(a), ...rowList(b)].map(unit);
      const n = a.shape[0];
      return nd(
        [2 * n],
        views.map((u, i) => {
          const logit = (j: number) => dotOf(u, views[j]) / temperature;
          const others = [...views.keys()].filter((j) => j !== i).map(logit);
          return lse(others) - logit((i + n) % (2 * n));
        }),
      );
    },
    contrastive,
    contrastiveErrors("ntXent", ntXent),
  ),
  loss(
    "infoNce",
    ([a, b], o: Temperature) => infoNce(a, b, o),
    ([a, b], { temperature = 0.5 }) => {
      const keys = rowList(b).map(unit);
      return nd(
        [a.shape[0]],
        rowList(a)
          .map(unit)
          .map((u, i) => {
            const logits = keys.map((k) => dotOf(u, k) / temperature);
            return lse(logits) - logits[i];
          }),
      );
    },
    contrastive,
    contrastiveErrors("infoNce", infoNce),
  ),
];
