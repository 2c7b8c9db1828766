// Tuning tables in a browser: IndexedDB of the page's origin. Where that is closed (private windows, opaque origins), tables
// live as long as the device.

import { slug, type TuningStore } from "./autotune.ts";

const DATABASE = "wgrad";
const STORE = "tuning";

export function tuningDatabase(): TuningStore {
  return {
    place: (adapter) => `IndexedDB ${DATABASE}/${STORE}/${slug(adapter)}`,
    load: async (adapter) => {
      try {
        const text: unknown = await within("readonly", (store) => store.get(slug(adapter)));
        return typeof text === "string" ? text : null;
      } catch {
        return null;
      }
    },
    save: async (adapter, text) => {
      await within("readwrite", (store) => store.put(text, slug(adapter)));
    },
  };
}

async function within<T>(
  mode: IDBTransactionMode,
  ask: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await answer(opening);
  try {
    return await answer(ask(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB failed"));
  });
}
