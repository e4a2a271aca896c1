import { loadAndCompile, loadLiteRt, Tensor } from "@litertjs/core";
import type { CompiledModel, SignatureRunner, TensorDetails } from "@litertjs/core";
import type { Metadata } from "./metadata";

const SIGNATURE = "step";
const NOISY = "noisy";
const ENHANCED = "enhanced";

/** The state of a stream between two blocks, by name. Spent by the step that it is given to. */
export type State = Record<string, Tensor>;

/** A loaded model: one block in, one block out, and a state that the caller carries. */
export class Step {
  private constructor(
    private readonly runner: SignatureRunner,
    private readonly inputs: readonly TensorDetails[],
  ) {}

  /** Loads the runtime and a model; call it in a classic worker, once. */
  static async load(file: Uint8Array, metadata: Metadata, wasmFolder: string): Promise<Step> {
    // In a worker there is no script tag from which the runtime could tell where it came from.
    (self as { Module?: unknown }).Module = { locateFile: (name: string) => wasmFolder + name };
    try {
      await loadLiteRt(wasmFolder);
    } catch (error) {
      throw new Error(`LiteRT.js did not load from ${wasmFolder}: ${String(error)}`);
    }
    const step = Step.of(await loadAndCompile(file, { accelerator: "wasm" }), metadata);
    // The first step prepares the kernels and takes longer than any later one.
    step.forget((await step.run(new Float32Array(metadata.blockLength), step.initialState())).state);
    return step;
  }

  private static of(model: CompiledModel, metadata: Metadata): Step {
    const runner = model.signatures[SIGNATURE];
    if (!runner) throw new Error(`The model has no signature \`${SIGNATURE}\`.`);
    const inputs = runner.getInputDetails();
    const outputs = new Map(runner.getOutputDetails().map((details) => [details.name, details]));
    const noisy = inputs.find((details) => details.name === NOISY);
    const expected = `1,${metadata.blockLength}`;
    if (noisy?.shape.join() !== expected || outputs.get(ENHANCED)?.shape.join() !== expected) {
      throw new Error(`\`${NOISY}\` and \`${ENHANCED}\` must be [${expected}], as the metadata says.`);
    }
    for (const { name, dtype, shape } of inputs) {
      if (dtype !== "float32") throw new Error(`\`${name}\` must be float32; received ${dtype}.`);
      if (name !== NOISY && outputs.get(name)?.shape.join() !== shape.join()) {
        throw new Error(`The model must return the state \`${name}\` in the shape it takes.`);
      }
    }
    return new Step(runner, inputs);
  }

  /** The state of a stream before its first sample. */
  initialState(): State {
    const states = this.inputs.filter((details) => details.name !== NOISY);
    return Object.fromEntries(
      states.map(({ name, shape }) => {
        const zeros = new Float32Array(shape.reduce((product, size) => product * size, 1));
        return [name, new Tensor(zeros, shape)];
      }),
    );
  }

  /** Runs the next block. */
  async run(noisy: Float32Array, state: State): Promise<{ enhanced: Float32Array; state: State }> {
    const input = new Tensor(noisy, [1, noisy.length]);
    // By name: the order of the outputs is not that of the inputs.
    const outputs = await this.runner.run({ ...state, [NOISY]: input });
    input.delete();
    this.forget(state);
    const { [ENHANCED]: result, ...next } = outputs;
    const enhanced = result!.toTypedArray() as Float32Array;
    result!.delete();
    return { enhanced, state: next };
  }

  /** Gives the memory of a state back; the runtime collects none by itself. */
  forget(state: State): void {
    for (const tensor of Object.values(state)) tensor.delete();
  }
}
