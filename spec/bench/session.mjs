// HTTP tools/call within one session of 2025-11-25, over 16 keep-alive connections; the floor knows of no sessions.
import { httpSubject, reportOf, sameBytes } from "./http.mjs"
import { exchange, requestBytes } from "./load-http.mjs"
import { interleave } from "./measure.mjs"
import { startHost } from "./processes.mjs"
import { callMessage, checkCall, headersOf, opening } from "./workload.mjs"

const era = "handshake"

export const title = "HTTP tools/call in a session, 16 connections"

export const run = async (options) => {
  const hosts = []
  const subjectOf = async (name, isHeld) => {
    const host = await startHost("hosts/http.mjs", [name, "call"], options)
    hosts.push(host)
    const headers = isHeld ? await beginSession(host.first.port) : {}
    return httpSubject(name.replace(" session", ""), era, host, callMessage(era, 1), checkCall, headers)
  }
  try {
    const subjects = [await subjectOf("floor", false), await subjectOf("mcpipe", true)]
    if (options.peers) subjects.push(await subjectOf("sdk-v1 session", true))
    sameBytes(subjects)
    return reportOf(title, subjects, await interleave(subjects, options), { rate: 0.5 })
  } finally {
    for (const host of hosts) host.stop()
  }
}

/** Shakes hands; gives the header that every later request of the session has. */
const beginSession = async (port) => {
  let session = {}
  for (const message of opening(era)) {
    const bytes = requestBytes(port, { ...headersOf(era, message), ...session }, message)
    const { head } = await exchange(port, bytes)
    const id = /^mcp-session-id: (\S+)/im.exec(head)
    if (id !== null) session = { "mcp-session-id": id[1] }
  }
  if (session["mcp-session-id"] === undefined) throw new Error("The server began no session.")
  return session
}
