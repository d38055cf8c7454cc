import type { Running } from "../runtime/app.ts"
import type { Catalogue } from "../runtime/catalogue.ts"

type Capabilities = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** Server capabilities, derived from what is there: nothing is advertised that is not served. */
export const capabilitiesOf = ({ assembly }: Running, catalogue: Catalogue): Capabilities => {
  const extensions = assembly.extensions.map(({ extension }) => extension)
  const settings = Object.fromEntries(extensions.map((extension) => [extension.id, extension.settings]))
  const derived: Capabilities = {
    logging: {},
    ...(catalogue.tools.size > 0 ? { tools: {} } : undefined),
    ...(catalogue.resources.size > 0 || catalogue.templates.length > 0 ? { resources: {} } : undefined),
    ...(catalogue.prompts.size > 0 ? { prompts: {} } : undefined),
    ...(catalogue.completes ? { completions: {} } : undefined),
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
