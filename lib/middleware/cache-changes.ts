import type { ComponentKind } from "../builder/component.ts"
import type { Change } from "../services/changes.ts"
import { parseUriTemplate } from "../builder/uri-template.ts"
import type { CallMethod } from "./selection.ts"

/** What a result came from. */
export interface Source {
  readonly app: number
  readonly method: CallMethod
  /** The name or the URI, perhaps of a template, under which clients know the component. */
  readonly component: string | undefined
  /** The URI a client has read; undefined where no client did. */
  readonly uri: string | undefined
  /** Whether it has changed since the call began. */
  stale: boolean
}

/** A listener that drops what changes: of results by `drop`, and of calls in `running` as soon as they end. */
export const followChanges =
  (running: ReadonlySet<Source>, drop: (fits: (source: Source) => boolean) => void) =>
  (change: Change): void => {
    const fits = change.type === "resource-updated" ? reads(change.ref.uri) : isOf(change.kinds)
    for (const source of running) if (fits(source)) source.stale = true
    drop(fits)
  }

const isOf = (kinds: ReadonlyArray<ComponentKind>) => {
  const methods = new Set(kinds.map((kind) => methodOf[kind]))
  return ({ method }: Source): boolean => methods.has(method)
}

const methodOf: Readonly<Record<ComponentKind, CallMethod>> = {
  tools: "tools/call",
  resources: "resources/read",
  prompts: "prompts/get"
}

/** An update of a template's own URI is one of all that it stands for. */
const reads =
  (updated: string) =>
  ({ method, component, uri }: Source): boolean => {
    if (method !== "resources/read") return false
    if (updated === uri || updated === component) return true
    return uri === undefined && component !== undefined && matches(component, updated)
  }

const matches = (template: string, uri: string): boolean =>
  parseUriTemplate(template, `resource ${JSON.stringify(template)}`).match(uri) !== undefined
