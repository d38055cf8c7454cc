/** The four names that are a type and, all but `Tool`, a record of functions: one symbol each, so that emitted declarations can name it. */

export { Prompt } from "./prompt.ts"
export { Resource } from "./resource.ts"
export { Server } from "./server.ts"
export type { Tool } from "./tool.ts"
