// Whether the window is as narrow as a phone's. The same width as in the style sheets.

import { signal } from "@preact/signals";

const query = matchMedia("(max-width: 40rem)");
export const narrow = signal(query.matches);
query.addEventListener("change", () => {
  narrow.value = query.matches;
});
