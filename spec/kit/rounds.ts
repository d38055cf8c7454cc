import type { Wire } from "./wire.ts"

/** A question of the server, as it travels in `input_required`. */
export interface Question {
  readonly method: string
  readonly params: any
}

export interface Driven {
  /** The questions of each round, by key. */
  readonly rounds: ReadonlyArray<Readonly<Record<string, Question>>>
  /** What the call came to in the end. */
  readonly result: any
  readonly error: any
}

/** Calls until the call is complete, answering each question; undefined leaves one unanswered. At most 40 rounds. */
export const drive = async (
  wire: Pick<Wire, "request">,
  method: string,
  params: object,
  answer: (question: Question, key: string, round: number) => unknown
): Promise<Driven> => {
  const rounds: Array<Record<string, Question>> = []
  let reply = await wire.request(method, params)
  while (reply.result?.resultType === "input_required") {
    const { inputRequests, requestState } = reply.result
    const round = rounds.push(inputRequests)
    if (round > 40) throw new Error("This call asks for ever.")
    reply = await wire.request(method, {
      ...params,
      requestState,
      inputResponses: answersTo(inputRequests, (question, key) => answer(question, key, round))
    })
  }
  return { rounds, result: reply.result, error: reply.error }
}

/** The answers to the questions of one round. */
export const answersTo = (
  inputRequests: Readonly<Record<string, Question>>,
  answer: (question: Question, key: string) => unknown
): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(inputRequests).flatMap(([key, question]) => {
      const given = answer(question, key)
      return given === undefined ? [] : [[key, given]]
    })
  )

/** The same, for one tool without arguments; `text` is that of its result. */
export const driveTool = async (
  wire: Pick<Wire, "request">,
  name: string,
  answer: (question: Question, key: string, round: number) => unknown = yes
): Promise<Driven & { readonly text: string | undefined; readonly messages: ReadonlyArray<ReadonlyArray<string>> }> => {
  const driven = await drive(wire, "tools/call", { name, arguments: {} }, answer)
  return {
    ...driven,
    text: driven.result?.content?.[0]?.text,
    messages: driven.rounds.map((round) => Object.values(round).map(({ params }) => params.message))
  }
}

/** Says yes to a yes-or-no question. */
export const yes = (): unknown => ({ action: "accept", content: { ok: true } })

/** Fills one field, `value`, of whatever form with the number of the round. */
export const numbered = (_: Question, __: string, round: number): unknown => ({
  action: "accept",
  content: { value: `answer ${round}` }
})
