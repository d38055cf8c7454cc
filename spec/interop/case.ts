import { expect } from "vitest"
import type { TestClient } from "../kit/clients.ts"
import type { Combination } from "../kit/eras.ts"
import type { Answer } from "../kit/normal.ts"

/** One question and its whole answer, which must be the same wherever `answer` is not a function. */
export interface Case {
  /** A promise to a user. */
  readonly title: string
  readonly ask: (client: TestClient) => Promise<unknown>
  readonly answer: unknown | ((at: Combination) => unknown)
}

export const call =
  (name: string, args?: Readonly<Record<string, unknown>>): Case["ask"] =>
  (client) =>
    client.call(name, args)

export const text = (value: string) => ({ content: [{ type: "text", text: value }] })
export const failed = (value: string) => ({ ...text(value), isError: true })
export const error = (code: number, message: string, data?: unknown) => ({
  error: { code, message, ...(data === undefined ? {} : { data }) }
})

const referenced = /reference ([0-9a-f]{8})/

/** The answer with its reference blanked, once the server's own log was found to hold it, exactly once. */
export const masked =
  (ask: Case["ask"]): Case["ask"] =>
  async (client) => {
    const answer = (await ask(client)) as Answer
    const message: string = answer["error"]?.message ?? answer["content"][0].text
    const [, reference] = referenced.exec(message) ?? []
    expect(reference, message).toBeDefined()
    const lines = JSON.parse((await client.call("server_log", { reference }))["content"][0].text)
    expect(lines).toHaveLength(1)
    return JSON.parse(JSON.stringify(answer).replaceAll(reference!, "…"))
  }
