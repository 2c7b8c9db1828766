// Finds keys that occur twice in an object of a JSON text, which JSON.parse lets pass (the last one wins). Not a
// validator: the text must have passed JSON.parse.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The first key that its object holds twice, or undefined. One pass by hand: a regular expression overflows its stack. */
export function findDuplicateKey(text: string): string | undefined {
  const open: (Set<string> | null)[] = []; // the keys of each open object, null for an array
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (char === "{") open.push(new Set());
    else if (char === "[") open.push(null);
    else if (char === "}" || char === "]") open.pop();
    if (char !== '"') continue;
    const begin = i++;
    while (text.charCodeAt(i) !== QUOTE) i += text.charCodeAt(i) === BACKSLASH ? 2 : 1;
    const end = i + 1;
    while (" \n\r\t".includes(text[i + 1]!)) i++;
    if (text[i + 1] !== ":") continue;
    const key: string = JSON.parse(text.slice(begin, end));
    const keys = open[open.length - 1];
    if (keys?.has(key)) return key;
    keys?.add(key);
  }
  return undefined;
}
