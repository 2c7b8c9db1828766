// The engine with what it gets from a browser, as one script.

import { openInBrowser } from "./device.ts";
import { Engine, type EngineHost } from "./engine.ts";
import { fetchDigits } from "./pictures.ts";

/** `base`: the page's own address. */
export const engineInBrowser = (base: string, emit: EngineHost["emit"]): Engine =>
  new Engine({ openDevice: openInBrowser, readDigits: () => fetchDigits(base), emit });
