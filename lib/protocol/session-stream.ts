import type { HttpSink, Room } from "./exchange.ts"
import type { KeptEvents } from "./kept-events.ts"

/**
 * One stream of events of a session: it numbers what it is told, keeps it, and writes it on the connection that the client
 * has open for it, one at a time. Where there is none, whoever writes need not wait.
 */
export class SessionStream {
  /** Unique in its session. */
  readonly key: string
  readonly #kept: KeptEvents
  /** Of the event last told. */
  #number: number
  #connection: HttpSink | undefined
  /** The connection on which what was missed is being told; what happens meanwhile is only kept. */
  #resuming: HttpSink | undefined
  #catchingUp: Promise<void> | undefined
  /** The wait for a client that reads slowly. */
  #full: Room
  /** Nothing more is told here; with a number, the client shall come back after so many milliseconds, for others may tell more. */
  #ended: boolean | number = false
  #keeping: Promise<void> | undefined

  /** `number` is that of the event told last; -1 for a stream that begins with the event that tells its id. */
  constructor(key: string, kept: KeptEvents, number: number) {
    this.key = key
    this.#kept = kept
    this.#number = number
  }

  /** The number of the event told last. */
  get number(): number {
    return this.#number
  }

  /** Whether what is told now is written at once, and read soon. */
  get takesMore(): boolean {
    return this.#connection !== undefined && this.#full === undefined
  }

  /** Whether a connection is open for it. */
  get held(): boolean {
    return (this.#connection ?? this.#resuming) !== undefined
  }

  /** Begins on a connection, with an event that tells the stream's id if it is to have one (2025-11-25 basic/transports). */
  begin(connection: HttpSink): void {
    this.#connection = connection
    if (this.#number === -1) this.write("")
    else connection.begin()
  }

  /** Tells one message, or with an empty one only the stream's id. Waits for a slow client, never for one that is gone. */
  write(data: string | Uint8Array, last = false): Room {
    const id = this.#next(data, last)
    const connection = this.#connection
    if (connection === undefined) return this.#resuming === undefined ? undefined : this.#catchingUp
    const room = connection.event({ id, data })
    if (last) this.#leave(connection)
    else if (room !== undefined && this.#full === undefined) {
      this.#full = room.then(() => {
        this.#full = undefined
      })
    }
    return this.#full
  }

  /** Closes the connection; the client shall come back after so many milliseconds. */
  closeConnection(retryMillis: number): void {
    const connection = this.#connection ?? this.#resuming
    connection?.event({ data: "", retry: retryMillis })
    if (connection !== undefined) this.#leave(connection)
  }

  /** The connection is gone. What is told from now on is only kept, until the client is back on another. */
  disconnected(connection: HttpSink): void {
    if (this.#connection === connection) this.#connection = undefined
    if (this.#resuming === connection) this.#resuming = undefined
  }

  /** Tells nothing but what is kept. With a number the client shall then come back after so many milliseconds. */
  passOn(retryMillis: number | undefined): void {
    this.#ended = retryMillis ?? true
  }

  /** Ends without an answer, which nobody waits for any more. */
  cancel(): void {
    this.#next("", true)
    this.end()
  }

  /** Ends whatever connection it has. */
  end(): void {
    this.#ended = true
    const connection = this.#connection ?? this.#resuming
    if (connection !== undefined) this.#leave(connection)
  }

  /**
   * Goes on on a new connection, where all that came after `number` is told first; one that is still open is closed, its
   * client has lost it. Gives the promise that this is done; it rejects where the store cannot be reached.
   */
  resume(connection: HttpSink, number: number): Promise<void> {
    const before = this.#connection ?? this.#resuming
    this.#connection = undefined
    this.#resuming = connection
    before?.close()
    connection.begin()
    const done = this.#catchUp(connection, number)
    const settled = done.catch(nothing).then(() => {
      if (this.#catchingUp === settled) this.#catchingUp = undefined
    })
    this.#catchingUp = settled
    return done
  }

  async #catchUp(connection: HttpSink, number: number): Promise<void> {
    let at = number
    for (;;) {
      await this.#keeping
      const known = this.#number
      const events = (await this.#kept.after(this.key, at)) ?? []
      for (const event of events) {
        if (this.#resuming !== connection) return
        if (event.number > at + 1) this.#tellLost(connection, at + 1, event.number - 1)
        at = event.number
        // an id alone was told to whoever knows it
        const room = event.text === "" ? undefined : connection.event({ id: `${this.key}.${at}`, data: event.text })
        if (event.last) return this.#leave(connection)
        if (room !== undefined) await room
      }
      if (this.#resuming !== connection) return
      // nothing was told in between: what comes next is live
      if (events.length === 0 && this.#number === known) break
    }
    if (at < this.#number) this.#tellLost(connection, at + 1, this.#number)
    this.#resuming = undefined
    this.#connection = connection
    if (typeof this.#ended === "number") this.closeConnection(this.#ended)
    else if (this.#ended) this.#leave(connection)
  }

  /** Events are lost where the store had no more room for them, or could not keep them. */
  #tellLost(connection: HttpSink, first: number, last: number): void {
    const events = first === last ? `Event ${first} of this stream is` : `Events ${first} to ${last} of this stream are`
    connection.event({ data: "", comment: `${events} kept no longer` })
    this.#kept.missed(this.key, last - first + 1)
  }

  #next(data: string | Uint8Array, last: boolean): string {
    const number = ++this.#number
    const text = typeof data === "string" ? data : decoder.decode(data)
    if (last) this.#ended = true
    // an id alone tells a process that the stream is there, which this one knows
    const kept =
      text === "" && !last && !this.#kept.shared ? undefined : this.#kept.append(this.key, { number, text, last })
    if (kept !== undefined) {
      const keeping = this.#keeping === undefined ? kept : Promise.all([this.#keeping, kept]).then(nothing)
      this.#keeping = keeping
      void keeping.then(() => {
        if (this.#keeping === keeping) this.#keeping = undefined
      })
    }
    return `${this.key}.${number}`
  }

  #leave(connection: HttpSink): void {
    this.disconnected(connection)
    connection.close()
  }
}

const nothing = () => {}

const decoder = new TextDecoder()
