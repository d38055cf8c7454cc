import { assemble, Changes, Context, Effect, Layer, Resource, server, tool } from "mcpipe"
import * as PubSub from "effect/PubSub"
import { expect, it } from "vitest"
import { connectWire } from "../kit/wire.ts"

class Seen extends Context.Service<Seen, Array<string>>()("spec/Seen") {}
class Note extends Context.Service<Note, { readonly at: string }>()("spec/Note") {}

it("a change told by a mounted server's handler or layer names the URI that clients use", async () => {
  const seen: Array<string> = []
  const Listening = Layer.effect(
    Seen,
    Effect.gen(function* () {
      const { subscribe } = yield* Changes
      const changes = yield* subscribe
      const take = Effect.map(PubSub.take(changes), (change) => {
        if (change.type === "resource-updated") seen.push(change.ref.uri)
      })
      yield* Effect.forkScoped(Effect.forever(take))
      return seen
    })
  )
  const Told = Layer.effect(
    Note,
    Effect.gen(function* () {
      yield* Seen
      yield* (yield* Changes).resourceUpdated("note://layer")
      return { at: "start" }
    })
  )
  const tell = tool({ name: "tell" }, function* () {
    yield* (yield* Changes).resourceUpdated(Resource.ref("note://handler"))
    yield* Effect.yieldNow
    return (yield* Note).at
  })
  const notes = server({ name: "notes", version: "1.0.0" }).tool(tell).provide(Told)
  const team = server({ name: "team", version: "1.0.0" }).mount("notes", notes)
  const app = assemble(server({ name: "main", version: "1.0.0" }).mount("team", team).provide(Listening))
  await using wire = await connectWire(app)
  await wire.call("team_notes_tell", {})
  await expect.poll(() => seen).toEqual(["note://team/notes/layer", "note://team/notes/handler"])
  await app.dispose()
})
