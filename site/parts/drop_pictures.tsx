// Own pictures: a folder with one folder a class, dropped or chosen. Decoded in a worker of their own; they stay in this tab.

import { useEffect, useRef, useState } from "preact/hooks";
import type { DecodedPictures } from "./decode_pictures.ts";
import { chosenFiles, droppedFiles } from "./folder.ts";
import type { FoundFile, Skipped } from "./picture_files.ts";
import { ErrorLine, useTask } from "./task.tsx";
import "./drop_pictures.css";

export interface Dropped {
  readonly files: Promise<FoundFile[]>;
}

interface DropPicturesProps {
  /** Given the pictures when they are read; what it throws is shown here. */
  readonly onPictures: (decoded: DecodedPictures) => Promise<void>;
  /** Files that were dropped elsewhere on the page; taken when they change. */
  readonly dropped?: Dropped | null;
}

export function DropPictures({ onPictures, dropped }: DropPicturesProps) {
  const task = useTask();
  const [over, setOver] = useState(false);
  const [progress, setProgress] = useState("");
  const input = useRef<HTMLInputElement>(null);
  const take = (files: FoundFile[] | Promise<FoundFile[]>) =>
    task.run(async () => {
      setProgress("looking into the folders");
      const show = (done: number, all: number) => setProgress(`${done} of ${all} pictures read`);
      const { decodePictures } = await import("./decode_pictures.ts");
      await onPictures(await decodePictures(await files, show));
    });
  useEffect(() => {
    if (dropped) take(dropped.files);
  }, [dropped]);
  return (
    <div>
      <fieldset
        class={`drop ${over ? "drop-over" : ""}`}
        aria-busy={task.busy}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          const found = (count: number) => setProgress(`${count} files found`);
          if (event.dataTransfer) take(droppedFiles(event.dataTransfer, found));
        }}
      >
        <legend class="visually-hidden">Own pictures</legend>
        <p>Drop a folder here that has one folder of pictures for each class, or</p>
        <input
          ref={input}
          type="file"
          multiple
          class="visually-hidden"
          tabIndex={-1}
          aria-label="A folder of pictures"
          {...{ webkitdirectory: true }}
          onChange={(event) => {
            const files = event.currentTarget.files;
            if (files && files.length > 0) take(chosenFiles(files));
            event.currentTarget.value = ""; // so that the same folder can be chosen again
          }}
        />
        <button type="button" aria-disabled={task.busy} onClick={() => task.busy || input.current?.click()}>
          Choose a folder
        </button>
        <p class="muted small">
          The folder's name is the class. The middle square of each picture is scaled to 28x28 and made grey,
          here in this tab: nothing is uploaded.
        </p>
        <p role="status" class="small">
          {task.busy && progress}
        </p>
      </fieldset>
      <ErrorLine error={task.error} />
    </div>
  );
}

const MOST_LISTED = 50;

export function SkippedFiles({ skipped }: { skipped: readonly Skipped[] }) {
  if (skipped.length === 0) return null;
  return (
    <details class="small">
      <summary>{skipped.length.toLocaleString("en")} files were skipped</summary>
      <ul>
        {skipped.slice(0, MOST_LISTED).map(({ path, why }) => (
          <li key={path} class="drop-path">
            {path}: {why}
          </li>
        ))}
        {skipped.length > MOST_LISTED && <li>and {skipped.length - MOST_LISTED} more</li>}
      </ul>
    </details>
  );
}
