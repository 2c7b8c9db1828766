// Which picture the microscope looks at: previous, next, by number. It is kept in the address.

import { info } from "../../engine/session.ts";
import { keepQuery } from "../../frame/route.ts";
import { lazy } from "../../parts/lazy.tsx";
import { PARTS, pictureText, type StoredPicture, turned } from "./picture_query.ts";
import { drawn, stored } from "./state.ts";

const DrawPad = lazy(async () => (await import("../../parts/draw_pad.tsx")).DrawPad);

/** Of a drawing: 28 x 28. */
const PIXELS = 784;

const NAMES = { train: "training pictures", validation: "validation pictures", test: "test pictures" };

function choose(picture: StoredPicture): void {
  drawn.value = null;
  stored.value = picture;
  keepQuery({ picture: pictureText(picture) });
}

function Drawing() {
  const pixels = drawn.value;
  return (
    <details
      class="drawing"
      open={pixels !== null}
      onToggle={({ currentTarget: { open } }) => {
        if (open && !drawn.peek()) drawn.value = new Uint8Array(PIXELS);
        else if (!open) drawn.value = null;
      }}
    >
      <summary>Draw a picture of your own</summary>
      {pixels && (
        <div class="row">
          <DrawPad
            pixels={pixels}
            onDraw={(next) => {
              drawn.value = next;
            }}
          />
          <button
            type="button"
            onClick={() => {
              drawn.value = new Uint8Array(PIXELS);
            }}
          >
            Clear
          </button>
        </div>
      )}
    </details>
  );
}

export function PictureChooser() {
  const counts = info.value?.counts;
  const at = stored.value;
  const total = counts?.[at.part] ?? 1;
  const turn = (by: number) => choose(turned(at, by, total));
  const onNumber = (event: Event & { currentTarget: HTMLInputElement }) => {
    const index = event.currentTarget.valueAsNumber;
    if (Number.isInteger(index) && index >= 0 && index < total) choose({ part: at.part, index });
  };
  return (
    <fieldset class="row bare" aria-label="Picture">
      <button type="button" onClick={() => turn(-1)}>
        Previous
      </button>
      <label class="row small">
        Picture
        <input type="number" min={0} max={total - 1} value={at.index} onChange={onNumber} class="narrow" />
      </label>
      <label class="small">
        <span class="visually-hidden">of the</span>
        <select
          value={at.part}
          onChange={(event) => choose({ part: event.currentTarget.value as StoredPicture["part"], index: 0 })}
        >
          {PARTS.filter((part) => (counts?.[part] ?? 1) > 0).map((part) => (
            <option key={part} value={part}>
              {NAMES[part]}
            </option>
          ))}
        </select>
      </label>
      <button type="button" onClick={() => turn(1)}>
        Next
      </button>
      <Drawing />
    </fieldset>
  );
}
