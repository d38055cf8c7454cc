// A module hook that takes from mcpipe what calls need to be able to ask, to measure what that costs those that ask nothing.
const plan = "this.#plan = askPlan(running, operation, facts, request)"

export const load = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context)
  if (loaded.format !== "module" || loaded.source === null || loaded.source === undefined) return loaded
  const source = typeof loaded.source === "string" ? loaded.source : new TextDecoder().decode(loaded.source)
  if (!source.includes(plan)) return loaded
  return { ...loaded, source: `${source.replace(plan, "this.#plan = undefined")}\nglobalThis.neverAsking = true\n` }
}
