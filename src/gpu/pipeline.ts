// Compiled shaders, once per text: modules, bind group layouts and pipelines. Pipelines are always compiled
// asynchronously; a dispatch whose pipeline is not ready waits in the recorder.

import type { ErrorSink } from "./error_sink.ts";
import { ShaderError } from "./errors.ts";
import type { Shader } from "./shader.ts";
import { type SpecialiseOptions, specialise } from "./specialise.ts";

/** A pipeline that is compiled, compiling (`pipeline` null, `ready` pending), broken (`error`), or not asked for yet. */
export interface PipelineEntry {
  readonly id: number;
  readonly file: string;
  /** The WGSL text as it was compiled. */
  readonly code: string;
  readonly overrides: Readonly<Record<string, number>>;
  readonly layout: GPUBindGroupLayout;
  readonly layoutId: number;
  readonly paramsBinding: number | null;
  pipeline: GPUComputePipeline | null;
  error: Error | null;
  /** Asking starts the compilation: what a fuser replaces is never compiled. */
  readonly ready: Promise<void>;
}

interface Layout {
  readonly id: number;
  readonly bindGroup: GPUBindGroupLayout;
  readonly pipeline: GPUPipelineLayout;
}

export class PipelineCache {
  private readonly byText = new Map<string, PipelineEntry>();
  private readonly modules = new Map<string, GPUShaderModule>();
  private readonly layouts = new Map<string, Layout>();

  constructor(
    private readonly device: GPUDevice,
    private readonly errors: ErrorSink,
  ) {}

  /** Number of distinct pipelines so far. */
  get size(): number {
    return this.byText.size;
  }

  get(shader: Shader, options: SpecialiseOptions): PipelineEntry {
    const { code, overrides, lines } = specialise(shader, options);
    const entryPoint = options.entry ?? Object.keys(shader.entries)[0];
    const key = `${entryPoint}\n${JSON.stringify(overrides)}\n${code}`;
    let entry = this.byText.get(key);
    if (!entry) {
      entry = this.compile(shader, code, entryPoint, overrides, lines);
      this.byText.set(key, entry);
    }
    return entry;
  }

  private compile(
    shader: Shader,
    code: string,
    entryPoint: string,
    overrides: Record<string, number>,
    lines: readonly number[],
  ): PipelineEntry {
    const layout = this.layout(shader);
    let compiling: Promise<void> | null = null;
    const begin = () => this.begin(entry, layout, entryPoint, lines);
    const entry: PipelineEntry = {
      id: nextPipeline++,
      file: shader.file,
      code,
      overrides,
      layout: layout.bindGroup,
      layoutId: layout.id,
      paramsBinding: shader.paramsBinding,
      pipeline: null,
      error: null,
      get ready() {
        return (compiling ??= begin());
      },
    };
    return entry;
  }

  private begin(
    entry: PipelineEntry,
    layout: Layout,
    entryPoint: string,
    lines: readonly number[],
  ): Promise<void> {
    const { file, code, overrides } = entry;
    this.device.pushErrorScope("validation");
    const module = this.module(file, code);
    const compiled = this.device.createComputePipelineAsync({
      label: file,
      layout: layout.pipeline,
      compute: { module, entryPoint, constants: overrides },
    });
    // The same fault arrives with the rejected promise, where it can name the line.
    void this.device.popErrorScope().catch(() => null);
    return compiled.then(
      (pipeline) => {
        entry.pipeline = pipeline;
      },
      async (cause: Error) => {
        entry.error = await describe(module, file, code, lines, cause);
        this.errors.report(entry.error);
      },
    );
  }

  private module(file: string, code: string): GPUShaderModule {
    let module = this.modules.get(code);
    if (!module) {
      module = this.device.createShaderModule({ label: file, code });
      this.modules.set(code, module);
    }
    return module;
  }

  /** Explicit layouts, so that bind groups serve every variant; params sit at a dynamic offset of one shared buffer. */
  private layout(shader: Shader): Layout {
    const parts = Object.values(shader.bindings).map((b) => `${b.binding}${b.access}`);
    // Stated sizes of params: left open, wgpu checks them late and keeps those of the pipeline before on the same layout.
    const minBindingSize = Math.ceil(shader.paramsBytes / 16) * 16;
    const key = `${parts.join()}|${shader.paramsBinding}|${minBindingSize}`;
    let layout = this.layouts.get(key);
    if (!layout) {
      const COMPUTE = 4; // GPUShaderStage.COMPUTE
      const entries: GPUBindGroupLayoutEntry[] = Object.values(shader.bindings).map((b) => ({
        binding: b.binding,
        visibility: COMPUTE,
        buffer: { type: b.access === "read" ? "read-only-storage" : "storage" },
      }));
      if (shader.paramsBinding !== null) {
        const buffer: GPUBufferBindingLayout = { type: "uniform", hasDynamicOffset: true, minBindingSize };
        entries.push({ binding: shader.paramsBinding, visibility: COMPUTE, buffer });
      }
      const bindGroup = this.device.createBindGroupLayout({ entries });
      const pipeline = this.device.createPipelineLayout({ bindGroupLayouts: [bindGroup] });
      layout = { id: this.layouts.size, bindGroup, pipeline };
      this.layouts.set(key, layout);
    }
    return layout;
  }
}

/** The compiler's first complaint, at the line of the file (`lines`: where each line of the specialised text came from). */
async function describe(
  module: GPUShaderModule,
  file: string,
  code: string,
  lines: readonly number[],
  cause: Error,
): Promise<Error> {
  const info = await module.getCompilationInfo().catch(() => null);
  const first = info?.messages.find((m) => m.type === "error");
  const at = first?.lineNum ?? 0;
  const text = at > 0 ? (code.split("\n")[at - 1] ?? "").trim() : "";
  const line = at > 0 ? lines[at - 1] : 0;
  const where =
    at > 0 ? `${file}:${line || "appended"}: ${first?.message}\n    ${text}` : `${file}: ${cause.message}`;
  return new ShaderError(where, file, line, text);
}

let nextPipeline = 0;
