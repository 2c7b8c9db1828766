// The picture in the address: `picture=test:12`. What is not understood is the first test picture.

import type { PictureRef } from "../../engine/protocol.ts";

export type StoredPicture = Extract<PictureRef, { part: string }>;
export const PARTS = ["train", "validation", "test"] as const;
export const FIRST: StoredPicture = { part: "test", index: 0 };

/** @param text what the address says; null: nothing */
export function pictureOf(text: string | null): StoredPicture {
  const [, name, index] = /^(train|validation|test):(\d{1,7})$/.exec(text ?? "") ?? [];
  const part = PARTS.find((p) => p === name);
  return part ? { part, index: Number(index) } : FIRST;
}

/** For the address; null: the first test picture is not written. */
export const pictureText = ({ part, index }: StoredPicture): string | null =>
  part === FIRST.part && index === FIRST.index ? null : `${part}:${index}`;

/** The next or previous one, round and round. */
export const turned = ({ part, index }: StoredPicture, by: number, count: number): StoredPicture => ({
  part,
  index: (((index + by) % count) + count) % count,
});
