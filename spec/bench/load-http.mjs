// A keep-alive HTTP/1.1 client over raw sockets: one request at a time on each connection, and no parsing beyond counting bytes.
import { connect } from "node:net"

/** The bytes of a POST. */
export const requestBytes = (port, headers, message) => {
  const body = JSON.stringify(message)
  const lines = Object.entries({ host: `127.0.0.1:${port}`, ...headers, "content-length": Buffer.byteLength(body) })
  return Buffer.from(
    `POST /mcp HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`
  )
}

/** One exchange on a connection of its own: its size as it came, its head, and its body as text. */
export const exchange = (port, bytes) =>
  new Promise((resolve, reject) => {
    let whole = ""
    const socket = connect({ port, host: "127.0.0.1" }, () => socket.write(bytes))
    socket.setTimeout(20_000, () => reject(new Error(`No whole answer: ${whole.slice(0, 2_000)}`)))
    socket.on("error", reject)
    socket.on("data", (chunk) => {
      whole += chunk.toString("latin1")
      const head = whole.indexOf("\r\n\r\n") + 4
      if (head === 3) return
      const length = /^content-length: (\d+)/im.exec(whole.slice(0, head))
      const chunked = length === null
      if (chunked ? !whole.endsWith(lastChunk) : whole.length < head + Number(length[1])) return
      socket.destroy()
      const body = Buffer.from(whole.slice(head), "latin1").toString()
      resolve({
        head: whole.slice(0, head),
        size: whole.length,
        chunked,
        body: chunked ? body.replace(/^[0-9a-f]+\r\n|\r\n[0-9a-f]+\r\n/gi, "") : body
      })
    })
  })

const lastChunk = "\r\n0\r\n\r\n"

/** Keeps every connection busy for `millis` and counts the answers; each must be a 200 of the size that was checked. */
export const load = ({ port, bytes, size, chunked, connections, millis }) =>
  new Promise((resolve, reject) => {
    let calls = 0
    let open = 0
    let start
    let end
    const fail = (what) => reject(new Error(`Wrong answer under load: ${what}`))
    const one = () => {
      const buffer = Buffer.allocUnsafe(65_536)
      let received = 0
      const take = (count) => {
        if (received === 0 && buffer[9] !== 0x32) return fail(buffer.toString("latin1", 0, count))
        received += count
        if (chunked ? buffer.latin1Slice(count - 5, count) !== "0\r\n\r\n" : received < size) return
        if (!chunked && received > size) return fail(`${received} bytes instead of ${size}`)
        received = 0
        calls++
        if (performance.now() < end) {
          socket.write(bytes)
          return
        }
        socket.end()
        if (--open === 0) resolve({ calls, micros: (performance.now() - start) * 1_000 })
      }
      const socket = connect({ port, host: "127.0.0.1", noDelay: true, onread: { buffer, callback: take } })
      socket.on("error", reject)
      socket.on("connect", () => {
        if (++open < connections) return
        start = performance.now()
        end = start + millis
        for (const ready of sockets) ready.write(bytes)
      })
      return socket
    }
    const sockets = Array.from({ length: connections }, one)
  })
