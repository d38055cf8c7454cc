import { readFileSync, writeFileSync } from "node:fs"
import { serve } from "mcpipe"
import { send } from "../kit/raw-http.ts"
import { fixture } from "./fixture.ts"
import { rows } from "./http-rows.ts"
const source = readFileSync(new URL("./http-rows.ts", import.meta.url), "utf8")
const groups: Record<string, string> = { text: "message", messages: "message", batches: "message", methods: "call", tools: "call", resources: "lookup", prompts: "lookup", completion: "lookup", cursors: "lookup", envelope: "envelope", headers: "headers", initialize: "envelope", gate: "gate" }
const files: Record<string, string[]> = {}
const serving = await serve(fixture, { http: { port: 0 }, signals: false })
let file = ""
let index = 0
const q = JSON.stringify
for (const line of source.split("\n")) {
  const c = /^ {2}\/\/ (\w+)$/.exec(line)
  if (c) { file = groups[c[1]!]!; (files[file] ??= []).push(`  // ${c[1]}`); continue }
  const m = /^ {2}\["((?:[^"\\]|\\.)*)", (.*)\],?$/.exec(line)
  if (!m) continue
  const [says, exchange] = rows[index++]!
  if (says !== m[1]) throw new Error(says + " / " + m[1])
  const r = await send(serving.port!, exchange)
  let body: any
  try { body = JSON.parse(r.body) } catch { body = undefined }
  const expr = m[2]!
  if (body?.error) {
    const extra = body.id === 1 ? (body.error.data ? `, { data: ${q(body.error.data)} }` : "") : `, { ${body.id === undefined ? "id: undefined" : `id: ${q(body.id)}`}${body.error.data ? `, data: ${q(body.error.data)}` : ""} }`
    files[file]!.push(`  refused("${says}", ${expr}, ${r.status}, ${body.error.code}, ${q(body.error.message)}${extra}),`)
  } else if (body?.result?.isError) files[file]!.push(`  told("${says}", ${expr}, ${q(body.result.content[0].text)}),`)
  else if (body?.result?.content) files[file]!.push(`  answered("${says}", ${expr}, ${q(body.result.content[0].text)}),`)
  else files[file]!.push(`  plain("${says}", ${expr}, ${r.status}, ${body === undefined ? q(r.body) : q(body)}),`)
}
for (const [name, lines] of Object.entries(files)) writeFileSync(new URL(`./${name}-rows.ts`, import.meta.url), `import { answered, before, good, headerValue, meta, now, params, plain, raw, refused, request, type Row, smile, told, tool, nested, withProto } from "./exchange.ts"\n\nexport const ${name}Rows: ReadonlyArray<Row> = [\n${lines.join("\n")}\n]\n`)
console.error(index, rows.length)
process.exit(0)
