/**
 * `mcpipe/effect-ai`: language models of `effect/ai` behind `Sampling`, and the client's model behind `effect/ai`.
 * It follows the minor versions of effect, whose `ai` modules are unstable.
 */
export { languageModel } from "./language-model.ts"
export { type SamplingModelFromOptions, samplingModel } from "./sampling-model.ts"
