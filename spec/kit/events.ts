/** The messages of an event stream, as they come. */
export interface Events {
  /** The next message; undefined once the stream has ended. */
  readonly next: () => Promise<any>
  /** The id of the latest event, whether it had a message or not. */
  readonly lastId: () => string | undefined
  /** Milliseconds after which the server wants its client back, if it said so. */
  readonly retry: () => number | undefined
  /** Signs of life so far. */
  readonly comments: () => number
  /** Stops reading, as a client does that goes away. */
  readonly leave: () => Promise<void>
}

const message = /^event: message\n(?:id: ([gp][0-9a-f]+\.\d+)\n)?data: ([^\r\n]+)$/
const bare = /^id: ([gp][0-9a-f]+\.\d+)\ndata: $/
const delay = /^retry: (\d+)$/

/** Reads a response of events, each of which must look to the letter as the library writes them. */
export const eventsOf = (response: Response): Events => {
  const reader = response.body!.getReader()
  const decoder = new TextDecoder()
  let unread = ""
  let lastId: string | undefined
  let retry: number | undefined
  let comments = 0
  const take = (event: string): any => {
    const told = message.exec(event)
    if (told !== null) {
      lastId = told[1] ?? lastId
      return JSON.parse(told[2]!)
    }
    const primed = bare.exec(event)
    const delayed = delay.exec(event)
    if (primed !== null) lastId = primed[1]
    else if (delayed !== null) retry = Number(delayed[1])
    else if (event === ":") comments++
    else throw new Error(`not an event of ours: ${JSON.stringify(event)}`)
  }
  const next = async (): Promise<any> => {
    for (;;) {
      for (let end = unread.indexOf("\n\n"); end !== -1; end = unread.indexOf("\n\n")) {
        const event = unread.slice(0, end)
        unread = unread.slice(end + 2)
        const found = take(event)
        if (found !== undefined) return found
      }
      const { done, value } = await reader.read()
      if (done) {
        if (unread !== "") throw new Error(`the stream broke off after ${JSON.stringify(unread)}`)
        return undefined
      }
      unread += decoder.decode(value, { stream: true })
    }
  }
  return {
    next,
    lastId: () => lastId,
    retry: () => retry,
    comments: () => comments,
    leave: () => reader.cancel()
  }
}
