import { show } from "../options.ts"
import { ServeError } from "../serve-error.ts"
import type { HttpCore } from "./core.ts"
import { type Gate, makeGate } from "./gate.ts"
import { hostRule, type HostRuleOptions } from "./hosts.ts"

/** Where the endpoint of the 2024-11-05 transport is. */
export interface LegacySseOptions {
  /** Path that clients open their stream at, by GET. Default `/sse`. */
  readonly path?: string | undefined
  /** Path that they post their messages to. Default `/messages`. */
  readonly messagesPath?: string | undefined
}

/** Where it is, checked, and who is let in. */
export interface LegacySseSettings {
  readonly path: string
  readonly messagesPath: string
  readonly gates: { readonly stream: Gate; readonly messages: Gate }
}

/** Checks the options; throws a `ServeError` naming option and value. */
export const legacySseSettings = (
  option: boolean | LegacySseOptions | undefined,
  core: HttpCore,
  hosts: HostRuleOptions,
  boundHost: string
): LegacySseSettings | undefined => {
  if (option === undefined || option === false) return undefined
  if (option !== true && (typeof option !== "object" || option === null)) {
    throw new ServeError(`Option \`legacySse\` is ${show(option)}: use true, or { path, messagesPath }.`)
  }
  const { path = "/sse", messagesPath = "/messages" } = option === true ? {} : option
  const given = { "legacySse.path": path, "legacySse.messagesPath": messagesPath }
  for (const [name, value] of Object.entries(given)) {
    if (typeof value !== "string" || !/^\/[^?#\s]*$/.test(value)) {
      throw new ServeError(`Option \`${name}\` is ${show(value)}: use a path that starts with "/" and has no query.`)
    }
  }
  if (new Set([path, messagesPath, core.path]).size < 3) {
    const [all, last] = [`${show(core.path)}, ${show(path)}`, show(messagesPath)]
    throw new ServeError(
      `Options \`path\`, \`legacySse.path\` and \`legacySse.messagesPath\` must differ: they are ${all} and ${last}.`
    )
  }
  const shared = { rule: hostRule(hosts, boundHost), maxBodyBytes: core.maxBodyBytes, sessions: true, jsonOnly: false }
  return {
    path,
    messagesPath,
    gates: { stream: makeGate({ ...shared, path }), messages: makeGate({ ...shared, path: messagesPath }) }
  }
}
