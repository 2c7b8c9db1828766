// Why: what the number was made from.

import { useMemo } from "preact/hooks";
import type { Field } from "../../engine/receptive_field.ts";
import { info } from "../../engine/session.ts";
import { MapCanvas } from "../map_canvas.tsx";
import { ArithmeticView } from "./arithmetic.tsx";
import type { TabProps } from "./tabs.tsx";

export function WhyTab({ inspection }: TabProps) {
  const { why, picture, field, ref } = inspection;
  return (
    <>
      {picture && <Sample picture={picture} field={field} />}
      {why ? (
        <ArithmeticView arithmetic={why} element={ref} side="why" />
      ) : ref.layer < 0 && ref.tensor === "output" ? (
        <p>
          This is the input: a pixel, scaled to mean 0 and standard deviation 1 over the training pictures.
        </p>
      ) : (
        <p>
          A weight is not computed in the forward pass. It was drawn at the start, and every step changes it
          by its gradient: see the tab Back.
        </p>
      )}
    </>
  );
}

const GREY = { low: 0, high: 255, table: "grey" } as const;

function Sample({ picture, field }: { picture: Uint8Array; field: Field | null }) {
  const [, height = 28, width = 28] = info.value?.inputShape ?? [];
  const boxes = useMemo(() => (field ? [{ map: 0, ...field }] : []), [field]);
  const words = field
    ? `rows ${field.top} to ${field.bottom - 1}, columns ${field.left} to ${field.right - 1}`
    : "no part of it marked";
  return (
    <figure class="sample">
      <MapCanvas
        values={picture}
        height={height}
        width={width}
        label={`Picture of the sample; the element sees ${words}`}
        scale={GREY}
        tile={140}
        boxes={boxes}
      />
      <figcaption class="small muted">
        The sample in this step's batch, not the picture of the page; the element sees {words}.
      </figcaption>
    </figure>
  );
}
