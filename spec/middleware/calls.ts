import type { TestClient } from "../../lib/testing/index.ts"

/** What a call came to: the text of its result, or the message it was refused with. */
export const said = async (client: Pick<TestClient, "request">, name: string, args: object = {}): Promise<string> =>
  client.request("tools/call", { name, arguments: args }).then(
    ({ content }) => content.map(({ text }: { text: string }) => text).join("\n"),
    (error: Error) => error.message
  )

/** The error that a request is refused with. */
export const refusalOf = async (made: Promise<unknown>): Promise<{ code: number; message: string; data: unknown }> => {
  const error: any = await made.then(
    () => {
      throw new Error("it was not refused")
    },
    (error) => error
  )
  return { code: error.code, message: error.message, data: error.data }
}
