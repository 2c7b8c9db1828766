// Workers by way of a blob, because only then they are under this page's Content-Security-Policy: a worker with an address of its
// own is under that of its response, and files on a plain server come with none.

const blobs = new Map<string, string>();

/** Of the address that an import `...?worker&url` gives. */
export function blobWorker(url: string, name: string): Worker {
  const script = new URL(url, document.baseURI).href;
  let blob = blobs.get(script);
  if (!blob) {
    const source = new Blob([`import ${JSON.stringify(script)};`], { type: "text/javascript" });
    blob = URL.createObjectURL(source);
    blobs.set(script, blob);
  }
  return new Worker(blob, { type: "module", name });
}
