// The words of an e-mail (RFC 5322, MIME): headers cut off, text parts decoded, HTML tags and quoted lines removed. Not a mail
// reader: attachments, names of senders and subjects are dropped on purpose, character sets are taken for windows-1252.

/** Parts within parts are followed so deep; a message has two or three. */
const MAX_DEPTH = 8;

const ENTITIES: Readonly<Record<string, string>> = {
  nbsp: " ",
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

/** The running text of a message: no headers, no tags, no lines that quote (`> ...`), no lines that announce a quote. */
export function mailText(bytes: Uint8Array): string {
  const parts: string[] = [];
  collect(new TextDecoder("windows-1252").decode(bytes).replace(/\r\n?/g, "\n").trimStart(), 0, parts);
  return withoutQuotes(parts.join("\n"));
}

/** Pushes the text parts of one entity: its own body, or those of the parts it is made of. */
function collect(entity: string, depth: number, parts: string[]): void {
  const end = entity.startsWith("\n") ? 0 : entity.indexOf("\n\n");
  const head = end < 0 ? entity : entity.slice(0, end);
  const body = end < 0 ? "" : entity.slice(end).replace(/^\n+/, "");
  const field = (name: string) => headerField(head, name);
  const type = (field("content-type") || "text/plain").trim();
  const kind = type.toLowerCase();
  const boundary = /boundary\s*=\s*(?:"([^"]+)"|([^\s;]+))/i.exec(type);
  if (kind.startsWith("multipart/") && boundary && depth < MAX_DEPTH) {
    const pieces = `\n${body}`.split(`\n--${boundary[1] ?? boundary[2]}`).slice(1);
    const inner = pieces
      .filter((piece) => !piece.startsWith("--"))
      .map((piece) => piece.replace(/^[ \t]*\n/, ""));
    const plain = inner.filter((piece) => isPlain(piece));
    // Alternatives say the same thing twice.
    const chosen = kind.startsWith("multipart/alternative") && plain.length > 0 ? plain : inner;
    for (const piece of chosen) collect(piece, depth + 1, parts);
  } else if (kind.startsWith("message/rfc822") && depth < MAX_DEPTH) {
    collect(body, depth + 1, parts);
  } else if (kind.startsWith("text/") || kind.startsWith("multipart/") || !kind.includes("/")) {
    const text = decodeTransfer(body, field("content-transfer-encoding").trim().toLowerCase());
    parts.push(
      kind.startsWith("text/html") || /<(html|body|table|font)\b/i.test(text) ? htmlText(text) : text,
    );
  }
}

function isPlain(entity: string): boolean {
  const end = entity.startsWith("\n") ? 0 : entity.indexOf("\n\n");
  const type = headerField(end < 0 ? entity : entity.slice(0, end), "content-type")
    .trim()
    .toLowerCase();
  return type === "" || type.startsWith("text/plain");
}

/** A field with its continuation lines, or "". */
function headerField(head: string, name: string): string {
  const lines = head.replace(/\n[ \t]+/g, " ").split("\n");
  const found = lines.find((line) => line.toLowerCase().startsWith(`${name}:`));
  return found ? found.slice(name.length + 1) : "";
}

function decodeTransfer(body: string, encoding: string): string {
  if (encoding === "quoted-printable") {
    return body
      .replace(/=[ \t]*\n/g, "")
      .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
  if (encoding !== "base64") return body;
  const letters = body.replace(/[^A-Za-z0-9+/]/g, "");
  // One letter alone is six bits, less than a byte: atob refuses it.
  return atob(letters.length % 4 === 1 ? letters.slice(0, -1) : letters);
}

/** What a browser would show, roughly. No pattern runs far from where it began, so that the time is linear in the text. */
export function htmlText(html: string): string {
  return html
    .replace(/<!--[^>]{0,1000}>/g, " ")
    .replace(/<(style|script|title)\b[^<>]*>[^<]*/gi, " ")
    .replace(/<\/?(b|i|u|a|em|strong|font|span|big|small)\b[^<>]*>/gi, "")
    .replace(/<[^<>]*>/g, " ")
    .replace(/&#(\d{1,6});/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(/&(\w{2,6});/g, (whole, name: string) => ENTITIES[name.toLowerCase()] ?? whole);
}

function withoutQuotes(text: string): string {
  const kept = text
    .split("\n")
    .filter((line) => !/^\s*[>|]/.test(line) && !/\b(wrote|writes|said):\s*$/.test(line));
  return kept.join("\n");
}

/**
 * Words in lower case; addresses, links and numbers each as one word of their own kind, so that a vocabulary holds no senders
 * and dates; of punctuation only what says something about tone: ! ? $ %.
 */
export function mailWords(text: string): string[] {
  const plain = text
    .toLowerCase()
    .replace(/\b(?:https?|ftp):\/\/[^\s<>"]+|\bwww\.[^\s<>"]+/g, " urltoken ")
    .replace(/[\w.+-]{1,64}@[\w.-]{1,255}/g, " mailtoken ")
    .replace(/\d[\d.,:/-]*/g, " numbertoken ");
  return plain.match(/[a-zà-öø-ÿ]+(?:'[a-z]+)?|[!?$%]/g) ?? [];
}
