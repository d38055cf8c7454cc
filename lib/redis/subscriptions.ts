import type { Driver, Listening } from "./client.ts"

/** Channels that are listened to, on one connection that opens with the first of them. */
export interface Subscriptions {
  /** `heard` settles once texts come, and rejects where they cannot; `hear` never throws. */
  readonly add: (
    channel: string,
    hear: (text: string) => void
  ) => { readonly heard: Promise<unknown>; readonly remove: () => void }
  readonly close: () => void
}

interface Channel {
  readonly listeners: Set<{ readonly hear: (text: string) => void }>
  readonly heard: Promise<unknown>
}

export const subscriptionsOver = (driver: Driver, onError: (error: unknown) => void): Subscriptions => {
  const channels = new Map<string, Channel>()
  let listening: Listening | undefined

  const hear = (name: string, text: string) => {
    for (const listener of [...(channels.get(name)?.listeners ?? [])]) listener.hear(text)
  }

  const close = () => {
    listening?.close()
    listening = undefined
  }

  const opened = (name: string): Channel => {
    listening ??= driver.listen(hear, onError)
    const channel: Channel = { listeners: new Set(), heard: listening.subscribe(name) }
    channels.set(name, channel)
    channel.heard.catch(() => {
      // the next who asks tries again, on a new connection where this one never was of use
      if (channels.get(name) === channel) channels.delete(name)
      if (channels.size === 0) close()
    })
    return channel
  }

  return {
    add: (name, hear) => {
      const channel = channels.get(name) ?? opened(name)
      const mine = { hear }
      channel.listeners.add(mine)
      return {
        heard: channel.heard,
        remove: () => {
          channel.listeners.delete(mine)
          if (channel.listeners.size > 0 || channels.get(name) !== channel) return
          channels.delete(name)
          // a connection that is lost has no subscriptions
          listening?.unsubscribe(name).catch(() => {})
        }
      }
    },
    close: () => {
      channels.clear()
      close()
    }
  }
}
