import type { ComponentKind } from "../builder/component.ts"
import type { Running } from "../runtime/app.ts"
import type { Catalogue } from "../runtime/catalogue.ts"
import { servesCompletions, servesPrompts, servesResources, servesTools } from "./core-methods.ts"

type Capabilities = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/**
 * Server capabilities, derived from what is there: nothing is advertised that is not served. `tells`: whether this client
 * can be told of changes; `hasSession`: whether it has a session in which handlers may switch components.
 */
export const capabilitiesOf = (
  running: Running,
  catalogue: Catalogue,
  tells: boolean,
  hasSession = false
): Capabilities => {
  const { assembly } = running
  const switches = hasSession && assembly.info.switchable === true
  const changes = (kind: ComponentKind) =>
    tells && (switches || assembly.changing.has(kind)) ? { listChanged: true } : undefined
  const extensions = assembly.extensions.map(({ extension }) => extension)
  const settings = Object.fromEntries(extensions.map((extension) => [extension.id, extension.settings]))
  const derived: Capabilities = {
    logging: {},
    ...(servesTools(running, catalogue) ? { tools: { ...changes("tools") } } : undefined),
    ...(servesResources(running, catalogue)
      ? { resources: { ...(tells ? { subscribe: true } : undefined), ...changes("resources") } }
      : undefined),
    ...(servesPrompts(running, catalogue) ? { prompts: { ...changes("prompts") } } : undefined),
    ...(servesCompletions(running, catalogue) ? { completions: {} } : undefined),
    ...(extensions.length > 0 ? { extensions: settings } : undefined)
  }
  const all: Record<string, Readonly<Record<string, unknown>>> = {}
  // what is derived has the last word
  for (const capabilities of [...extensions.map((extension) => extension.capabilities), derived]) {
    for (const [name, settings] of Object.entries(capabilities)) all[name] = { ...all[name], ...settings }
  }
  return all
}

/** `serverInfo`, without the fields a revision does not know. */
export const serverInfoOf = ({ assembly }: Running, revision: string): Readonly<Record<string, unknown>> => {
  const { name, version, title, description, icons, websiteUrl } = assembly.info
  return {
    name,
    version,
    ...(title !== undefined && revision >= "2025-06-18" ? { title } : undefined),
    ...(revision >= "2025-11-25"
      ? {
          ...(description === undefined ? undefined : { description }),
          ...(icons === undefined ? undefined : { icons }),
          ...(websiteUrl === undefined ? undefined : { websiteUrl })
        }
      : undefined)
  }
}
