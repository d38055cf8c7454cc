/**
 * Starts the example servers as child processes, calls them with both official MCP clients over stdio and HTTP, prints what was
 * called and what came back, and ends with 1 where an answer is not the expected one.
 */
import {
  type DemoClient,
  type Generation,
  type HttpChild,
  type Person,
  overHttp,
  overStdio,
  startHttp
} from "./clients.ts"
import { type Transcript, transcript } from "./transcript.ts"

const revisions: Readonly<Record<Generation, string>> = { v1: "2025-11-25", v2: "2026-07-28" }

/** Calls a tool and checks what it answers: its text, its structured content or the URI it links to. */
const call = async (to: Transcript, client: DemoClient, name: string, args: object, wanted: unknown) => {
  to.called(`tools/call ${name} ${JSON.stringify(args)}`)
  const { content, structuredContent } = await client.call(name, args)
  to.answered(structuredContent ?? content[0]?.text ?? content[0]?.uri, wanted)
}

const begin = (to: Transcript, title: string, client: DemoClient, generation: Generation) => {
  to.title(title)
  to.called(`connect ${client.title}`)
  to.answered(client.revision, revisions[generation])
}

const quickstart = async (generation: Generation, style: "plain" | "Effect", to: Transcript) => {
  const flags = style === "Effect" ? ["--effect"] : []
  const client = await overStdio(generation, "quickstart", flags)
  begin(to, `quickstart in ${style} style, over stdio`, client, generation)
  to.called("tools/list")
  to.answered(
    (await client.list()).tools.map((tool: any) => tool.name),
    ["add", "forecast", "report"]
  )
  await call(to, client, "add", { a: 2, b: 3 }, "5")
  await call(to, client, "forecast", { city: "Oslo", days: 2 }, { city: "Oslo", celsius: [6, 4] })
  await call(
    to,
    client,
    "forecast",
    { city: "Oslo", days: 9 },
    'Invalid arguments for tool "forecast":\n- days: expected <=7, received 9'
  )
  await call(
    to,
    client,
    "forecast",
    { city: "Atlantis" },
    "No weather for Atlantis. Known cities: Lisbon, London, Oslo."
  )
  to.called("resources/read city://Oslo")
  const { name, country } = JSON.parse((await client.read("city://Oslo")).contents[0].text)
  to.answered({ name, country }, { name: "Oslo", country: "Norway" })
  to.called('completion/complete city://{name}, name = "L"')
  to.answered((await client.complete("city://{name}", "name", "L")).completion.values, ["Lisbon", "London"])
  to.called('prompts/get packing_list {"city":"Oslo"}')
  const { messages } = await client.prompt("packing_list", { city: "Oslo" })
  to.answered(messages[0].content.text, "I travel to Oslo for 3 days. What should I pack?")
  await client.close()
}

const lifespan = async (generation: Generation, style: "plain" | "Effect", to: Transcript) => {
  const child = await startHttp("lifespan", ...(style === "Effect" ? ["--effect"] : []))
  const client = await overHttp(generation, child.url, "ada")
  begin(to, `lifespan in ${style} style, over HTTP`, client, generation)
  await call(to, client, "add_note", { text: "milk" }, { id: 1, text: "milk" })
  await call(to, client, "get_note", { id: 7 }, "There is no note 7.")
  to.called('tools/call import_notes {"texts":["tea","salt"]}')
  const reports: Array<string> = []
  const { structuredContent } = await client.call("import_notes", { texts: ["tea", "salt"] }, (report) => {
    reports.push(`${report.progress}/${report.total} ${report.message}`)
    to.heard(`progress ${reports.at(-1)}`)
  })
  to.answered({ ...structuredContent, reports }, { imported: 2, total: 3, reports: ["1/2 tea", "2/2 salt"] })
  to.called("tools/call backup {}")
  const failed = (await client.call("backup", {})).content[0].text
  // the reference is another one each time
  to.answered(failed.replace(/[0-9a-f]{8}/, "…"), "Internal error (reference …)")
  await client.close()
  await stop(to, child, "notes: closed with 3 notes")
}

const composeOverStdio = async (to: Transcript) => {
  const client = await overStdio("v1", "compose")
  begin(to, "compose in plain style, over stdio", client, "v1")
  await call(to, client, "loans_borrow", { isbn: "9780141439518" }, "borrow is for members; please log in.")
  await client.close()
}

const composeOverHttp = async (to: Transcript) => {
  const child = await startHttp("compose", "--effect")
  for (const [generation, user, isbn] of [
    ["v1", "ada", "9780141439518"],
    ["v2", "grace", "9780141439600"]
  ] as const) {
    const client = await overHttp(generation, child.url, user)
    begin(to, `compose in Effect style, over HTTP, called by ${user}`, client, generation)
    await call(to, client, "catalog_search", { text: "pride" }, "book://catalog/9780141439518")
    await call(to, client, "loans_borrow", { isbn }, `Enjoy it, ${user}.`)
    to.called(`resources/read loan://loans/${isbn}`)
    to.answered(JSON.parse((await client.read(`loan://loans/${isbn}`)).contents[0].text), { isbn, reader: user })
    await client.close()
  }
  await stop(to, child)
}

const answers: Readonly<Record<string, object>> = {
  "Where to?": { choice: "Lisbon" },
  "Who travels, and for how many nights?": { name: "Ada", nights: 3 },
  "Lisbon, nights: 3, 360 EUR. Book it?": { ok: true }
}

/** Answers what the booking asks, and prints it. */
const ada = (to: Transcript): Person => ({
  fill: (question, round) => {
    const content = answers[question] ?? {}
    to.asked(`round ${round}, the user: ${question}`, content)
    return content
  },
  say: (prompt, round) => {
    const said = "The tram is waiting!"
    to.asked(`round ${round}, the model: ${prompt}`, said)
    return said
  }
})

const booked = "Booked Lisbon for Ada: 360 EUR, receipt R1. The tram is waiting!"

/** How often things happened: by the requests sent, and by what the server said on stderr. */
const counts = (rounds: number, stderr: ReadonlyArray<string>): string => {
  const ran = stderr.filter((line) => line === "book_hotel: runs").length
  const charged = stderr.filter((line) => line.startsWith("payments: charged")).length
  return `${rounds === 1 ? "1 round" : `${rounds} rounds`}, handler ran ${times(ran)}, charged ${times(charged)}`
}

const times = (count: number): string => (count === 1 ? "once" : `${count} times`)

const bookingOverStdio = async (to: Transcript) => {
  const client = await overStdio("v1", "booking", ["--effect"], ada(to))
  begin(to, "booking in Effect style, over stdio", client, "v1")
  await call(to, client, "book_hotel", {}, booked)
  await client.close()
  to.called("requests sent, and what the server said on stderr")
  to.answered(counts(client.rounds(), client.stderr()), "1 round, handler ran once, charged once")
}

const bookingOverHttp = async (to: Transcript) => {
  const child = await startHttp("booking")
  const client = await overHttp("v2", child.url, "ada", ada(to))
  begin(to, "booking in plain style, over HTTP", client, "v2")
  await call(to, client, "book_hotel", {}, booked)
  await client.close()
  await stop(to, child)
  to.called("requests sent, and what the server said on stderr")
  to.answered(counts(client.rounds(), child.stderr()), "4 rounds, handler ran 4 times, charged once")
}

const gateway = async (generation: Generation, style: "plain" | "Effect", to: Transcript) => {
  const child = await startHttp("gateway", ...(style === "Effect" ? ["--effect"] : []))
  const client = await overHttp(generation, child.url, "ada")
  begin(to, `gateway in ${style} style, over HTTP`, client, generation)
  to.called("tools/list")
  to.answered(
    (await client.list()).tools.map((tool: any) => tool.name),
    ["help_article", "search_tools", "call_tool"]
  )
  to.called('tools/call search_tools {"query":"customers by name"}')
  const hits = (await client.call("search_tools", { query: "customers by name" })).content[0].text
  to.answered(/crm_\w+/.exec(hits)?.[0], "crm_find_customer")
  await call(to, client, "call_tool", { name: "crm_find_customer", arguments: { name: "ada" } }, redactedAda)
  await call(
    to,
    client,
    "call_tool",
    { name: "tickets_open", arguments: { customer: "c1", text: "Hello" } },
    "Opened T1 for c1: Hello"
  )
  await client.close()
  await stop(to, child, "audit: anonymous tools/call tickets_open: complete")
}

const redactedAda = { customers: [{ id: "c1", name: "Ada Lovelace", email: "[redacted]" }] }

/** Ends a child, and checks its exit code and what it said last on stderr. */
const stop = async (to: Transcript, child: HttpChild, lastWords?: string) => {
  to.called("SIGTERM to the child process")
  to.answered(`exit code ${await child.stop()}`, "exit code 0")
  if (lastWords !== undefined) to.answered(child.stderr().at(-1), lastWords)
}

const deadline = setTimeout(() => {
  console.error("The demo did not end within 60 seconds.")
  process.exit(1)
}, 60_000)

console.log("Example servers in child processes, called by both official MCP clients.")
const scenes: ReadonlyArray<(to: Transcript) => Promise<void>> = [
  (to) => quickstart("v1", "plain", to),
  (to) => quickstart("v2", "Effect", to),
  (to) => lifespan("v2", "plain", to),
  (to) => lifespan("v1", "Effect", to),
  composeOverStdio,
  composeOverHttp,
  bookingOverStdio,
  bookingOverHttp,
  (to) => gateway("v1", "plain", to),
  (to) => gateway("v2", "Effect", to)
]
// All at once, to be quick; printed in order.
const running = scenes.map((scene) => {
  const to = transcript()
  return scene(to).then(
    () => to,
    (error) => {
      to.answered(`failed: ${error instanceof Error ? (error.stack ?? error.message) : error}`, "no failure")
      return to
    }
  )
})
let wrong = 0
let checked = 0
for (const scene of running) {
  const to = await scene
  console.log(to.text())
  wrong += to.wrong()
  checked += to.checked()
}
clearTimeout(deadline)
console.log(wrong === 0 ? `\nAll ${checked} answers are right.` : `\n${wrong} of ${checked} answers are wrong.`)
process.exit(wrong === 0 ? 0 : 1)
