// Own pictures as the data set: takes them in, gives them to the worker, shows what came.

import { call } from "../../engine/client.ts";
import { open } from "../../engine/session.ts";
import type { DecodedPictures } from "../../parts/decode_pictures.ts";
import { DropPictures, SkippedFiles } from "../../parts/drop_pictures.tsx";
import { count } from "../../parts/format.ts";
import { Picture } from "../../parts/picture.tsx";
import { fitEnd } from "./layer_edit.ts";
import { change, dropped, own, ownIsNew, settings } from "./state.ts";

const PIXELS = 28 * 28;

async function take({ pictures, skipped }: DecodedPictures): Promise<void> {
  dropped.value = null;
  const { classes, labels, images } = pictures;
  await open();
  await call("own", pictures);
  const counts = classes.map((_, label) => labels.reduce((n, l) => n + (l === label ? 1 : 0), 0));
  const examples = classes.map((_, label) => {
    const at = labels.indexOf(label);
    return images.slice(at * PIXELS, (at + 1) * PIXELS);
  });
  own.value = { classes, counts, examples, skipped };
  ownIsNew.value = true;
  change({ data: "own", layers: fitEnd(settings.value.layers, classes.length) });
}

export function OwnPicturesPanel() {
  const set = own.value;
  return (
    <div class="own">
      <DropPictures onPictures={take} dropped={dropped.value} />
      {set && (
        <>
          <p class="small" role="status">
            {count(set.counts.reduce((a, b) => a + b, 0))} pictures in {set.classes.length} classes. 70 %
            train, 15 % validate, 15 % test.
          </p>
          <ul class="own-classes">
            {set.classes.map((name, i) => (
              <li key={name}>
                <Picture pixels={set.examples[i]!} size={42} label="" />
                <span class="small">
                  {name}: {count(set.counts[i]!)}
                </span>
              </li>
            ))}
          </ul>
          <SkippedFiles skipped={set.skipped} />
        </>
      )}
    </div>
  );
}
