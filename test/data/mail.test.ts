// The text of e-mails: MIME, quotes, tags; words; the corpus; vocabulary and masked batches.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { htmlText, mailText, mailWords } from "../../src/data/formats/mail.ts";
import { hash, loadSpamAssassin } from "../../src/data/sets/spam_assassin.ts";
import { MaskedStretches } from "../../src/data/text/masked_words.ts";
import {
  CLASS,
  classRows,
  FIRST_WORD,
  MASK,
  UNKNOWN,
  WordVocabulary,
} from "../../src/data/text/word_vocabulary.ts";
import { FormatError, OptionError } from "../../src/gpu/errors.ts";

const bytes = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
const words = (text: string) => mailWords(mailText(bytes(text)));

describe("mailText", () => {
  test("headers and quotes are gone", () => {
    const mail =
      "From: a@b.c\nSubject: hello\n folded\n\nOn Monday Bob wrote:\n> quoted\n | also\nMy answer\n";
    expect(words(mail)).toEqual(["my", "answer"]);
    expect(words(mail.replaceAll("\n", "\r\n"))).toEqual(["my", "answer"]);
    expect(words(`\n\n${mail}`)).toEqual(["my", "answer"]);
  });

  test("quoted-printable and base64", () => {
    const head = "Content-Type: text/plain\nContent-Transfer-Encoding: ";
    expect(words(`${head}quoted-printable\n\ncaf=E9 is op=\nen`)).toEqual(["café", "is", "open"]);
    expect(words(`${head}BASE64\n\n${btoa("come and see")}\n`)).toEqual(["come", "and", "see"]);
    expect(words(`${head}base64\n\nY29tZQ==!x`)).toEqual(["come"]); // broken at the end
  });

  test("parts: the plain one of alternatives, all of others, no attachments", () => {
    const parts = (kind: string) => `Content-Type: multipart/${kind}; boundary="=_b"

a preamble
--=_b
Content-Type: text/plain

plain words
--=_b
Content-Type: text/html

<p>rich words</p>
--=_b
Content-Type: image/gif
Content-Transfer-Encoding: base64

R0lGODlh
--=_b--
an epilogue
`;
    expect(words(parts("alternative"))).toEqual(["plain", "words"]);
    expect(words(parts("mixed"))).toEqual(["plain", "words", "rich", "words"]);
  });

  test("parts within parts end", () => {
    let mail = "Content-Type: text/plain\n\ndeep";
    for (let i = 0; i < 200; i++)
      mail = `Content-Type: multipart/mixed; boundary=b${i}\n\n--b${i}\n${mail}\n--b${i}--`;
    expect(() => words(mail)).not.toThrow();
  });

  test("tags, comments, scripts and entities", () => {
    const page =
      "<html><style>p {}</style><!-- no --><b>F</b>REE&nbsp;money &amp; <a href='x'>luck</a>&#33;<br>now</html>";
    expect(mailWords(htmlText(page))).toEqual(["free", "money", "luck", "!", "now"]);
  });

  test("any bytes are read, quickly", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (b) => mailWords(mailText(b)).length >= 0));
    const started = performance.now();
    for (const evil of [
      "<",
      "<!--",
      "&",
      "=\n",
      "\n\n--",
      "a.",
      "1,",
      "http://",
      "Content-Type: multipart/x\n",
    ])
      mailWords(mailText(bytes(`Content-Type: text/html\n\n${evil.repeat(20_000)}`)));
    expect(performance.now() - started).toBeLessThan(8000);
  });
});

test("words: addresses, links and numbers are of a kind", () => {
  expect(mailWords("Don't pay $1,000.50 to me@x.org at HTTP://x.y/z?a=1, www.z.com now! 50%")).toEqual([
    "don't",
    "pay",
    "$",
    "numbertoken",
    "to",
    "mailtoken",
    "at",
    "urltoken",
    "urltoken",
    "now",
    "!",
    "numbertoken",
    "%",
  ]);
});

describe("loadSpamAssassin", () => {
  const corpus = (
    list: unknown,
    text = (file: string) => `Subject: x\n\none two three four five ${file}`,
  ) => {
    const read = async (file: string) => bytes(file === "file_list.json" ? JSON.stringify(list) : text(file));
    return loadSpamAssassin(read);
  };

  test("labels by folder; duplicates and empty mails are dropped", async () => {
    const files = ["easy-ham-1/00001.aa.txt", "spam-2/00002.bb.txt", "hard-ham-1/3.txt", "spam-1/4.txt"];
    const texts: Record<string, string> = {
      "hard-ham-1/3.txt": "\n\nhi",
      "spam-1/4.txt": "a b c d e f",
      "spam-2/00002.bb.txt": "a b c d e f",
    };
    const found = await corpus(files, (f) => `X: y\n\n${texts[f] ?? "some words of a friend here"}`);
    expect({ duplicates: found.duplicates, empty: found.empty }).toEqual({ duplicates: 1, empty: 1 });
    expect([...found.train, ...found.test].map((m) => m.spam).sort()).toEqual([false, true]);
  });

  test("a fifth is held out, by the words alone", async () => {
    const files = Array.from({ length: 500 }, (_, i) => `spam-1/${i}.${"abcdefghij"[i % 10]}.txt`);
    const letters = (i: number) => [...String(i)].map((d) => "abcdefghij"[Number(d)]).join("");
    const text = (f: string) =>
      `X: y\n\nsome words and then ${letters(Number(f.split("/")[1]!.split(".")[0]))}`;
    const found = await corpus(files, text);
    expect(found.train.length + found.test.length).toBe(500);
    expect(Math.abs(found.test.length - 100)).toBeLessThan(30);
    const again = await corpus([...files].reverse(), text);
    expect(new Set(again.test.map((m) => m.file))).toEqual(new Set(found.test.map((m) => m.file)));
    expect(hash("a")).not.toBe(hash("b"));
  });

  test.each([[{}], [[]], [["../../etc/passwd"]], [["spam-1/../x.txt"]], [[1]]])(
    "a broken list %j",
    async (list) => {
      await expect(corpus(list)).rejects.toThrow(FormatError);
    },
  );
});

describe("vocabulary and batches", () => {
  const vocabulary = new WordVocabulary(
    [
      ["a", "b", "a"],
      ["c", "b", "a"],
    ],
    FIRST_WORD + 2,
  );

  test("the most frequent words", () => {
    expect(vocabulary.words.slice(FIRST_WORD)).toEqual(["a", "b"]);
    expect(Array.from(vocabulary.encode(["b", "z", "a"]))).toEqual([FIRST_WORD + 1, UNKNOWN, FIRST_WORD]);
    expect(Array.from(classRows([Int32Array.of(9), Int32Array.of(5, 6, 7)], 3))).toEqual([
      CLASS,
      9,
      0,
      CLASS,
      5,
      6,
    ]);
    expect(() => new WordVocabulary([], 4)).toThrow(OptionError);
  });

  test("hidden words are where the batch says, and everything else is the text", () => {
    const text = Int32Array.from({ length: 40 }, (_, i) => FIRST_WORD + i);
    const options = { batch: 64, length: 21, hidden: 4, vocab: 100, seed: 1 };
    const stretches = new MaskedStretches([Int32Array.of(1, 2), text], options);
    const { ids, places, labels } = stretches.at(3);
    const hidden = new Map(Array.from(places.data, (p, k) => [p, labels.data[k]!]));
    expect(hidden.size).toBe(64 * 4);
    let masked = 0;
    for (let b = 0; b < 64; b++) {
      expect(ids.data[b * 21]).toBe(CLASS);
      const whole = Array.from(
        { length: 20 },
        (_, t) => hidden.get(b * 21 + 1 + t) ?? ids.data[b * 21 + 1 + t]!,
      );
      whole.forEach((id, t) => {
        expect(id).toBe(whole[0]! + t);
      });
    }
    for (const p of hidden.keys()) if (ids.data[p] === MASK) masked++;
    expect(masked / 256).toBeGreaterThan(0.7);
    expect(masked / 256).toBeLessThan(0.9);
    expect(stretches.at(3)).toEqual({ ids, places, labels });
    expect(stretches.at(4).ids).not.toEqual(ids);
    expect(() => new MaskedStretches([text], { ...options, length: 60 })).toThrow(
      /none of 1 texts has 59 words/,
    );
    expect(() => new MaskedStretches([text], { ...options, hidden: 20 })).toThrow(OptionError);
  });
});
