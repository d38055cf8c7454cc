/** The messages of an event stream, as they come. */
export interface Events {
  /** The next message; undefined once the stream has ended. */
  readonly next: () => Promise<any>
  /** Stops reading, as a client does that goes away. */
  readonly leave: () => Promise<void>
}

/** Reads a response of events, each of which must look to the letter as the library writes them. */
export const eventsOf = (response: Response): Events => {
  const reader = response.body!.getReader()
  const decoder = new TextDecoder()
  let unread = ""
  const next = async (): Promise<any> => {
    for (;;) {
      const end = unread.indexOf("\n\n")
      if (end !== -1) {
        const event = unread.slice(0, end)
        unread = unread.slice(end + 2)
        const found = /^event: message\ndata: ([^\r\n]*)$/.exec(event)
        if (found === null) throw new Error(`not an event of ours: ${JSON.stringify(event)}`)
        return JSON.parse(found[1]!)
      }
      const { done, value } = await reader.read()
      if (done) {
        if (unread !== "") throw new Error(`the stream broke off after ${JSON.stringify(unread)}`)
        return undefined
      }
      unread += decoder.decode(value, { stream: true })
    }
  }
  return { next, leave: () => reader.cancel() }
}
