import { AssemblyError, assemble, prompt, resource, server, tool } from "mcpipe"
import { expect } from "vitest"
import { connectWire, type Wire, type WireOptions } from "./wire.ts"
import type { AnyServer } from "../../lib/builder/server.ts"
import type { App } from "../../lib/runtime/app.ts"

/** One revision of each era. */
export const spoken = ["2025-11-25", "sessionless"] as const satisfies ReadonlyArray<WireOptions["speak"]>

export const info = (name: string) => ({ name, version: "1.0.0" })

/** A tool, a prompt, a resource and a template that say whose they are. */
export const sayTool = (name: string, says: string, more: object = {}) => tool({ name, ...more }, () => says)
export const sayPrompt = (name: string, says: string, more: object = {}) => prompt({ name, ...more }, () => says)
export const sayResource = (uri: string, says: string, more: object = {}) =>
  resource({ uri: uri as "x://{id}", ...more }, () => says)

/** A server with one of each kind, all of which say its name. */
export const withAll = (name: string) =>
  server(info(name)).add(
    sayTool("t", name),
    sayPrompt("p", name),
    sayResource("x://r", name),
    sayResource("x://d/{id}", name)
  )

export interface Lists {
  readonly tools: ReadonlyArray<string>
  readonly prompts: ReadonlyArray<string>
  readonly resources: ReadonlyArray<string>
  readonly templates: ReadonlyArray<string>
}

const members = [
  ["tools", "tools/list", "tools", "name"],
  ["prompts", "prompts/list", "prompts", "name"],
  ["resources", "resources/list", "resources", "uri"],
  ["templates", "resources/templates/list", "resourceTemplates", "uriTemplate"]
] as const

/** All names in the four lists of a server, page by page; of what it does not serve there are none. */
export const listsOf = async (wire: Pick<Wire, "request">): Promise<Lists> => {
  const lists: Record<string, Array<string>> = {}
  for (const [kind, method, member, field] of members) {
    const names: Array<string> = []
    let cursor: string | undefined
    do {
      const { result } = await wire.request(method, cursor === undefined ? {} : { cursor })
      names.push(...(result?.[member] ?? []).map((item: any) => item[field]))
      cursor = result?.nextCursor
    } while (cursor !== undefined)
    lists[kind] = names
  }
  return lists as unknown as Lists
}

/** What each listed component says, by its kind and name; variables of templates are 1. */
export const saidBy = async (wire: Wire): Promise<Record<string, string>> => {
  const { tools, prompts, resources, templates } = await listsOf(wire)
  const said: Record<string, string> = {}
  for (const name of tools) said[`tool ${name}`] = await wire.text(name)
  for (const name of prompts) {
    const answer = await wire.request("prompts/get", { name })
    said[`prompt ${name}`] = answer.result?.messages[0].content.text ?? answer.error.message
  }
  for (const uri of [...resources, ...templates]) {
    said[`resource ${uri}`] = await read(wire, uri.replaceAll(/\{[^}]*\}/g, "1"))
  }
  return said
}

/** The text of a resource, or why it cannot be read. */
export const read = async (wire: Pick<Wire, "request">, uri: string): Promise<string> => {
  const answer = await wire.request("resources/read", { uri })
  return answer.result?.contents[0].text ?? answer.error.message
}

/** The same of a server that is served for this alone. */
export const saying = async (served: AnyServer | App, speak: WireOptions["speak"]): Promise<Record<string, string>> => {
  await using wire = await connectWire(served, { speak })
  return await saidBy(wire)
}

/** Why a server cannot be assembled. */
export const refusal = (make: () => AnyServer): string => {
  try {
    assemble(make() as never)
  } catch (error) {
    expect(error).toBeInstanceOf(AssemblyError)
    return (error as Error).message
  }
  throw new Error("assembled")
}
