// Keys of a state dict that are no names of fields: `self_attn` for the field selfAttn. A key may lead through modules that the
// original has and the class here does without: `attention.self.query`.

/** The members of a module under the keys of its checkpoints; those that `keys` does not list under their own names. */
export function* renamed(
  members: Iterable<readonly [string, unknown]>,
  keys: Readonly<Record<string, string>>,
): Iterable<readonly [string, unknown]> {
  for (const [name, member] of members) yield [keys[name] ?? name, member];
}
