import { assemble } from "mcpipe"
import { describe, expect, it } from "vitest"
import effect from "../../examples/approval/effect.ts"
import plain from "../../examples/approval/server.ts"
import { children, inBothStyles, type Person, timeout } from "./clients.ts"

const text = (result: any): string => result.content[0].text
const where = "Where should shop go?"
const sure = "Everybody will see shop. Deploy it?"
const certain = 'remove {"service":"shop"} cannot be undone. Do it?'

const accept = (content: object) => ({ action: "accept", content })
const decline = { action: "decline" }
const yes = accept({ ok: true })
const no = accept({ ok: false })

/** A person who answers these questions and knows no others; `asked` holds what came, in order. */
const approver = (answers: Readonly<Record<string, object>>) => {
  const asked: Array<{ readonly message: string; readonly requestedSchema: any }> = []
  const elicitation: Person["elicitation"] = (question) => {
    asked.push(question)
    const answer = answers[question.message]
    if (answer === undefined) throw new Error(`Nobody expected ${JSON.stringify(question.message)}.`)
    return answer
  }
  return { asked, messages: () => asked.map(({ message }) => message), elicitation }
}

inBothStyles({ plain: () => assemble(plain), effect: () => assemble(effect) }, (connect, { replays }) => {
  it("deploys where the approver chose, among names for people, and reports how far it is", async () => {
    const { asked, elicitation } = approver({ [where]: accept({ choice: "staging" }) })
    await using at = await connect({ elicitation })
    const reports: Array<{ readonly total?: number }> = []
    const deployed = await at.client.call(
      "deploy",
      { service: "shop" },
      { onprogress: (report: object) => reports.push(report) }
    )
    expect(text(deployed)).toBe("shop runs on staging.")
    expect(asked).toHaveLength(1)
    expect(asked[0]!.message).toBe(where)
    expect(asked[0]!.requestedSchema.properties.choice.oneOf).toEqual([
      { const: "staging", title: "Staging, for colleagues" },
      { const: "production", title: "Production, for everybody" }
    ])
    // the v2 client tells of the rounds it makes on the same channel, without a total
    expect(reports.filter(({ total }) => total !== undefined)).toEqual([
      { progress: 1, total: 3, message: "build" },
      { progress: 2, total: 3, message: "upload" },
      { progress: 3, total: 3, message: "switch" }
    ])
    expect(at.client.logs).toEqual([{ level: "notice", data: "shop was deployed to staging." }])
  })

  it("asks once more for production", async () => {
    const { messages, elicitation } = approver({ [where]: accept({ choice: "production" }), [sure]: yes })
    await using at = await connect({ elicitation })
    expect(text(await at.client.call("deploy", { service: "shop" }))).toBe("shop runs on production.")
    expect(messages()).toEqual([where, sure])
  })

  it("refuses politely when the approver says no, wherever they say it, whatever the model claims", async () => {
    const production = accept({ choice: "production" })
    for (const answers of [
      { [where]: decline },
      { [where]: production, [sure]: decline },
      { [where]: production, [sure]: no }
    ]) {
      const { elicitation } = approver(answers)
      await using at = await connect({ elicitation })
      const refused = await at.client.call("deploy", { service: "shop", approved: true })
      expect(refused.isError).not.toBe(true)
      expect(text(refused)).toBe("All right, shop stays as it is.")
      expect(at.client.logs).toEqual([])
    }
  })

  it("fails when the approver dismisses the question", async () => {
    const { elicitation } = approver({ [where]: { action: "cancel" } })
    await using at = await connect({ elicitation })
    const dismissed = await at.client.call("deploy", { service: "shop" })
    expect(dismissed.isError).toBe(true)
    expect(text(dismissed)).toBe(`The user dismissed the question: ${where}`)
  })

  it("tells the model of a client that cannot ask what to do, and takes its word then", async () => {
    await using at = await connect()
    const unable = await at.client.call("deploy", { service: "shop" })
    expect(unable.isError).toBe(true)
    expect(text(unable)).toBe(
      "This client cannot ask its user. Ask a person, then call again with approved: true and the environment they want."
    )
    const args = { service: "shop", approved: true, environment: "production" }
    expect(text(await at.client.call("deploy", args))).toBe("shop runs on production.")
    expect(text(await at.client.call("deploy", { service: "shop", approved: true }))).toBe("shop runs on staging.")
  })

  it("asks before a tool that says it is destructive, and leaves what the user wants to keep", async () => {
    const answers: Record<string, object> = { [where]: accept({ choice: "staging" }), [certain]: no }
    const { messages, elicitation } = approver(answers)
    await using at = await connect({ elicitation })
    await at.client.call("deploy", { service: "shop" })
    for (const refusal of [no, decline]) {
      answers[certain] = refusal
      const refused = await at.client.call("remove", { service: "shop" })
      expect(refused.isError).toBe(true)
      expect(text(refused)).toBe("The user did not agree to remove.")
    }
    answers[certain] = yes
    expect(text(await at.client.call("remove", { service: "shop" }))).toBe("shop was removed from staging.")
    expect(text(await at.client.call("remove", { service: "shop" }))).toBe("shop was removed from nowhere.")
    expect(messages()).toEqual([where, certain, certain, certain, certain])
  })

  it("lets nobody call a destructive tool whose client cannot ask", async () => {
    await using at = await connect()
    await at.client.call("deploy", { service: "shop", approved: true })
    const call = at.client.call("remove", { service: "shop" })
    if (replays) await expect(call).rejects.toMatchObject({ code: -32021 })
    else expect(text(await call)).toMatch(/this client does not support that here/)
  })
})

describe("as a child process on stdio", () => {
  it.each(children)(
    "main.ts $flags asks the approver through $title, and says nothing on stderr",
    { timeout },
    async ({ inChild, flags }) => {
      const { messages, elicitation } = approver({ [where]: accept({ choice: "production" }), [sure]: yes })
      await using child = await inChild("approval", flags, { elicitation })
      expect(text(await child.client.call("deploy", { service: "shop" }))).toBe("shop runs on production.")
      expect(messages()).toEqual([where, sure])
      await child.close()
      expect(child.stderr()).toBe("")
    }
  )
})
