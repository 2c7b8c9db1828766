// Who is asking: the path of the module whose forward runs, so that a dispatch can be named `features.0/conv2d`.

let path = "";

/** Runs `fn` with `name` appended to the path (`a` then `a.b`). */
export function withLabel<R>(name: string, fn: () => R): R {
  const before = path;
  path = before && name ? `${before}.${name}` : before || name;
  try {
    return fn();
  } finally {
    path = before;
  }
}

/** Runs `fn` under a path noted earlier: backward names the module of the forward. */
export function withPath<R>(whole: string, fn: () => R): R {
  const before = path;
  path = whole;
  try {
    return fn();
  } finally {
    path = before;
  }
}

export function currentPath(): string {
  return path;
}

/** `path/op`, or `op` alone at the top. */
export function labelled(op: string): string {
  return path ? `${path}/${op}` : op;
}

/** Whether a dotted path is `match`, lies below it, or holds the pattern. */
export function pathFits(path: string, match: string | RegExp): boolean {
  return typeof match === "string" ? path === match || path.startsWith(`${match}.`) : path.search(match) >= 0;
}
