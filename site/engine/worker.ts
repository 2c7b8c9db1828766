// The worker's door: calls of the page go to the objects that answer them, events go back. Nothing here may fail unheard: what is
// thrown is the answer. The engine is loaded with the first call that needs it, behind its shaders; what Home asks at first is answered
// without it (replay/light.ts).

import type { Engine } from "./engine.ts";
import { missing } from "./no_gpu.ts";
import type { EventMessage, Events, MethodName, Opened, Request, Response } from "./protocol.ts";
import type { HandedOver, Light } from "./replay/light.ts";
import { loadShaders } from "./shader_data.ts";

interface Port {
  onmessage: ((event: MessageEvent<Request>) => void) | null;
  postMessage(message: Response | EventMessage, transfer?: Transferable[]): void;
}

const port = globalThis as unknown as Port;
/** The page's own address: the worker lies in its folder assets, or, in development, in engine. */
const here: string = import.meta.url;
const base = new URL("../", here).href;

const emit = <E extends keyof Events>(event: E, data: Events[E]) =>
  port.postMessage({ event, data } as EventMessage);

let engine: Promise<Engine> | null = null;
let light: Promise<Light | null> | null = null;
/** The run of `light` that no engine has taken over yet. */
let handed: HandedOver | null = null;

async function load(): Promise<Engine> {
  await loadShaders();
  const made = (await import("./in_browser.ts")).engineInBrowser(base, emit);
  if (light) handed = (await (await light)?.leave()) ?? null;
  light = null;
  if (handed) await made.takeOver(handed);
  handed = null;
  return made;
}

/** The engine, loaded now if it was not. Another try may succeed, offline say. */
function loaded(): Promise<Engine> {
  engine ??= load().catch((error: unknown) => {
    engine = null;
    throw error;
  });
  return engine;
}

async function withoutEngine(): Promise<Light | null> {
  const { Light } = await import("./replay/light.ts");
  return Light.open({ base, emit, gaveUp: () => void loaded().catch(() => {}) });
}

async function call(method: MethodName, args: readonly unknown[]): Promise<unknown> {
  if (method === "open" && !engine && !light) {
    const none = await missing();
    if (none) return { ok: false, ...none } satisfies Opened;
    if (args[0] === true) light = withoutEngine();
  }
  if (!engine) {
    const small = await light;
    try {
      if (small?.can(method, args) && !engine) return await small.call(method, args);
    } catch (error) {
      if (!engine && !(error instanceof Error && error.name === "DeviceLostError")) throw error;
    }
  }
  return (await loaded()).call(method, args);
}

/** Results made for the page alone: their memory may leave with the message. */
const HANDED_OVER: ReadonlySet<MethodName> = new Set(["maps", "mapsAt", "weights", "cell"]);
const SMALLEST_BYTES = 4096;

port.onmessage = ({ data: { id, method, args } }) => {
  call(method, args).then(
    (result) => answer({ id, result }, HANDED_OVER.has(method) ? buffersIn(result) : []),
    (error: unknown) => answer({ id, error: described(error) }),
  );
};

function answer(message: Response, transfer: Transferable[] = []): void {
  try {
    port.postMessage(message, transfer);
  } catch (error) {
    port.postMessage({ id: message.id, error: described(error) });
  }
}

function described(error: unknown): { name: string; message: string } {
  return error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: "Error", message: String(error) };
}

function buffersIn(value: unknown, found = new Set<ArrayBuffer>()): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) {
    const { buffer } = value;
    // A view of a part must not take the whole with it.
    if (
      buffer instanceof ArrayBuffer &&
      value.byteLength === buffer.byteLength &&
      buffer.byteLength >= SMALLEST_BYTES
    )
      found.add(buffer);
  } else if (value !== null && typeof value === "object")
    for (const part of Object.values(value)) buffersIn(part, found);
  return [...found];
}

// A promise that nobody awaits is a fault of this code; it must not end the worker.
globalThis.addEventListener("unhandledrejection", (event) => event.preventDefault());
