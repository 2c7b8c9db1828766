// The page's side of the worker: calls that are answered, events that are listened to. One worker for all pages, made with the first
// call: a run goes on from page to page.

import { blobWorker } from "./blob_worker.ts";
import type { Call, EventMessage, Events, MethodName, Request, Response } from "./protocol.ts";
import workerUrl from "./worker.ts?worker&url";

/** An error of the worker, under the name it had there: ShapeError, OptionError, RangeError... */
export class EngineError extends Error {
  constructor(
    override readonly name: string,
    message: string,
  ) {
    super(message);
  }
}

type Listener<E extends keyof Events> = (data: Events[E]) => void;

let worker: Worker | null = null;
let next = 0;
const waiting = new Map<number, { resolve: (value: never) => void; reject: (reason: unknown) => void }>();
const listeners: { [E in keyof Events]: Set<Listener<E>> } = {
  progress: new Set(),
  benchRow: new Set(),
  recovered: new Set(),
};

function theWorker(): Worker {
  if (worker) return worker;
  worker = blobWorker(workerUrl, "engine");
  worker.onmessage = ({ data }: MessageEvent<Response | EventMessage>) => {
    if ("event" in data) {
      for (const listener of listeners[data.event]) (listener as (d: unknown) => void)(data.data);
      return;
    }
    const call = waiting.get(data.id);
    waiting.delete(data.id);
    if ("error" in data) call?.reject(new EngineError(data.error.name, data.error.message));
    else call?.resolve(data.result as never);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    const reason = new EngineError("WorkerError", event.message || "the engine could not be loaded");
    for (const { reject } of waiting.values()) reject(reason);
    waiting.clear();
  };
  return worker;
}

/** Asks the worker; rejects with EngineError. */
export const call: Call = <M extends MethodName>(method: M, ...args: unknown[]) =>
  new Promise((resolve, reject) => {
    const id = next++;
    waiting.set(id, { resolve, reject });
    theWorker().postMessage({ id, method, args } as unknown as Request);
  });

/** Listens to an event; the result stops it. */
export function on<E extends keyof Events>(event: E, listener: Listener<E>): () => void {
  listeners[event].add(listener);
  return () => listeners[event].delete(listener);
}
