// The bindings that the text of a group declares, one after the other, in all the forms in which a dispatch needs them.

import type { Bindable, DispatchBinding } from "../dispatch.ts";
import type { ShaderBinding } from "../shader.ts";

export class Declared {
  readonly bindings: DispatchBinding[] = [];
  readonly shaderBindings: Record<string, ShaderBinding> = {};
  /** Names of those whose f32 elements are kept as f16. */
  readonly half: string[] = [];
  private readonly lines: string[] = [];

  /** `first`: number of the first one. */
  constructor(private readonly first = 0) {}

  /** Number of the next one. */
  get next(): number {
    return this.first + this.bindings.length;
  }

  /** WGSL. */
  get text(): string {
    return this.lines.join("\n");
  }

  add(
    name: string,
    access: "read" | "read_write",
    type: string,
    { source, half }: { readonly source: Bindable; readonly half: boolean },
  ): void {
    const binding = this.next;
    if (half) this.half.push(name);
    this.bindings.push({ name, binding, access, source });
    this.shaderBindings[name] = { binding, access, type };
    this.lines.push(`@group(0) @binding(${binding}) var<storage, ${access}> ${name}: array<${type}>;`);
  }
}
