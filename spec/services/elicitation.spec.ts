import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import fc from "fast-check"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import {
  AskRefused,
  AskTimedOut,
  ClientUnsupported,
  ElicitationCancelled,
  ElicitationDeclined,
  InvalidAnswer
} from "../../lib/services/ask-errors.ts"
import type { AskRequest, Asks } from "../../lib/services/asks.ts"
import { type Call, CurrentCall } from "../../lib/services/current-call.ts"
import { Elicitation } from "../../lib/services/elicitation.ts"
import { accept, cancel, decline, type ElicitRequest } from "../../lib/services/elicitation-answers.ts"
import { isUrlElicitationRequired, UrlElicitationRequired } from "../../lib/services/elicitation-url.ts"

interface Client {
  readonly capabilities: Readonly<Record<string, unknown>>
  readonly revision: string
  readonly seed: string
  /** Raw results, in the order of questions; an Effect is given back as it is. */
  readonly answers: ReadonlyArray<unknown>
}

interface Seen {
  readonly exit: Exit.Exit<unknown, unknown>
  readonly asked: ReadonlyArray<AskRequest["params"]>
  readonly keys: ReadonlyArray<string | undefined>
  readonly attempts: ReadonlyArray<number | undefined>
  readonly told: ReadonlyArray<readonly [method: string, params: unknown]>
  /** Whether each answer was taken for one. */
  readonly wellFormed: ReadonlyArray<boolean>
}

const both = { elicitation: { form: {}, url: {} } }

/** Runs what a handler would, in a call whose client answers like this. */
const run = async (
  ask: Effect.Effect<unknown, unknown, Elicitation>,
  { capabilities = both, revision = "2025-11-25", seed = "seed", answers = [] }: Partial<Client> = {}
): Promise<Seen> => {
  const asked: Array<AskRequest["params"]> = []
  const keys: Array<string | undefined> = []
  const attempts: Array<number | undefined> = []
  const told: Array<readonly [string, unknown]> = []
  const wellFormed: Array<boolean> = []
  const counts = new Map<string, number>()
  const asks: Asks = {
    capabilities,
    revision,
    seed,
    replays: false,
    ask: (request, options) =>
      Effect.suspend(() => {
        expect(request.method).toBe("elicitation/create")
        asked.push(request.params)
        keys.push(options.key)
        attempts.push(options.attempt)
        const answer = answers[asked.length - 1]
        if (Effect.isEffect(answer)) return answer as Effect.Effect<unknown, AskRefused>
        const taken = options.wellFormed(answer)
        wellFormed.push(taken)
        return taken ? Effect.succeed(answer) : Effect.fail(new AskRefused(request.method, "it is no answer"))
      }),
    step: (_name, effect) => effect,
    occurrence: (name) => {
      expect(Fiber.getCurrent()).toBeDefined()
      const count = counts.get(name) ?? 0
      counts.set(name, count + 1)
      return count
    },
    notify: (method, params) => void told.push([method, params]),
    retreading: () => false,
    suspended: () => false
  }
  const live = Effect.provideService(ask, Elicitation, Elicitation.live)
  const exit = await Effect.runPromiseExit(Effect.provideService(live, CurrentCall, callWith(asks)))
  return { exit, asked, keys, attempts, told, wellFormed }
}

const callWith = (asks: Asks | undefined): Call => ({
  scope: Scope.makeUnsafe(),
  uriOf: undefined,
  progress: undefined,
  log: undefined,
  logLevel: "info",
  asks,
  suspended: () => false,
  errors: []
})

const value = ({ exit }: Pick<Seen, "exit">) => {
  if (Exit.isSuccess(exit)) return exit.value
  throw Cause.squash(exit.cause)
}
const failure = ({ exit }: Pick<Seen, "exit">): any =>
  Exit.isFailure(exit) ? exit.cause.reasons.find(Cause.isFailReason)?.error : undefined
const defect = ({ exit }: Pick<Seen, "exit">): any =>
  Exit.isFailure(exit) ? exit.cause.reasons.find(Cause.isDieReason)?.defect : undefined

const ok = (content?: unknown) => ({ action: "accept", ...(content === undefined ? {} : { content }) })
const contact = { name: v.string(), age: v.optional(v.pipe(v.number(), v.minValue(18))) }
const contactSchema = {
  type: "object",
  properties: { name: { type: "string" }, age: { type: "number", minimum: 18 } },
  required: ["name"]
}

describe("form", () => {
  it("sends the form and gives the decoded answer", async () => {
    const seen = await run(Elicitation.form("Who are you?", contact), { answers: [ok({ name: "Ada", age: 36, x: 1 })] })
    expect(value(seen)).toStrictEqual({ name: "Ada", age: 36 })
    expect(seen.asked).toStrictEqual([{ mode: "form", message: "Who are you?", requestedSchema: contactSchema }])
    expect(seen.keys).toStrictEqual([undefined])
  })

  it.each([undefined, null])("takes an accepted form with content %s for an empty one", async (content) => {
    const seen = await run(Elicitation.form("More?", { note: v.optional(v.string(), "none") }), {
      answers: [{ action: "accept", content }]
    })
    expect(value(seen)).toStrictEqual({ note: "none" })
    expect(seen.wellFormed).toStrictEqual([true])
  })

  it("fails when the user declines, and otherwise when they dismiss it", async () => {
    const declined = failure(await run(Elicitation.form("Who?", contact), { answers: [{ action: "decline" }] }))
    expect(declined).toBeInstanceOf(ElicitationDeclined)
    expect(declined).toMatchObject({ _tag: "ElicitationDeclined", question: "Who?" })
    const cancelled = failure(await run(Elicitation.form("Who?", contact), { answers: [{ action: "cancel" }] }))
    expect(cancelled).toBeInstanceOf(ElicitationCancelled)
    expect(cancelled.message).toBe("The user dismissed the question: Who?")
  })

  it("asks again when the answer is invalid, saying what was wrong", async () => {
    const seen = await run(Elicitation.form("Who?", contact), {
      answers: [ok({ age: 3 }), ok({ name: "Ada" })]
    })
    expect(value(seen)).toStrictEqual({ name: "Ada" })
    expect(seen.asked.map(({ message }) => message)).toStrictEqual([
      "Who?",
      "Who?\n\nThe last answer was not accepted:\n- name: expected string, received nothing\n- age: expected >=18, received 3"
    ])
    expect(seen.asked[1]!["requestedSchema"]).toBe(seen.asked[0]!["requestedSchema"])
  })

  it("gives up after three invalid answers, or as many as it is told", async () => {
    const answers = Array.from({ length: 10 }, () => ok({}))
    const three = await run(Elicitation.form("Who?", contact), { answers })
    expect(three.asked).toHaveLength(3)
    expect(failure(three)).toBeInstanceOf(InvalidAnswer)
    expect(failure(three)).toMatchObject({ question: "Who?", issues: [{ path: ["name"], received: "nothing" }] })
    const one = await run(Elicitation.form("Who?", contact, { attempts: 1 }), { answers })
    expect(one.asked).toHaveLength(1)
    expect(failure(one)).toBeInstanceOf(InvalidAnswer)
    expect((await run(Elicitation.form("Who?", contact, { attempts: 10 }), { answers })).asked).toHaveLength(10)
  })

  it("fails with what the client's failure to answer was", async () => {
    const refused = new AskRefused("elicitation/create", "no screen", -1)
    expect(failure(await run(Elicitation.form("Who?", contact), { answers: [Effect.fail(refused)] }))).toBe(refused)
    const late = new AskTimedOut("elicitation/create", 10)
    expect(failure(await run(Elicitation.form("Who?", contact), { answers: [Effect.fail(late)] }))).toBe(late)
  })

  it("keeps its key, with a number of its own each time it is asked again", async () => {
    const answers = [ok({}), ok({}), ok({ name: "Ada" })]
    const seen = await run(Elicitation.form("Who?", contact, { key: "who" }), { answers })
    expect(seen.keys).toStrictEqual(["who", "who", "who"])
    expect(seen.attempts).toStrictEqual([1, 2, 3])
  })

  it.each([
    ["no answer", undefined],
    ["another action", { action: "maybe" }],
    ["no object", "accept"],
    ["a list", [ok({})]],
    ["content that is a list", ok([])],
    ["content that is text", ok("Ada")]
  ])("does not take %s for an answer", async (_, answer) => {
    const seen = await run(Elicitation.form("Who?", contact), { answers: [answer] })
    expect(seen.wellFormed).toStrictEqual([false])
    expect(failure(seen)).toBeInstanceOf(AskRefused)
  })

  it("does not look at the content of what was not accepted", async () => {
    const seen = await run(Elicitation.form("Who?", contact), { answers: [{ action: "decline", content: "no" }] })
    expect(seen.wellFormed).toStrictEqual([true])
    expect(failure(seen)).toBeInstanceOf(ElicitationDeclined)
  })

  it.each([
    [
      "attempts",
      Elicitation.form("Who?", contact, { attempts: 0 }),
      'The question "Who?": attempts is 0; use an integer from 1 to 10.'
    ],
    [
      "the message",
      Elicitation.form(" ", contact),
      "A question needs a message that says why it is asked: give a string that is not empty."
    ],
    [
      "the form",
      Elicitation.form("Who?", { a: v.array(v.string()) }),
      'Elicitation.form("Who?") at a: an array of something else than choices. Use v.array(v.picklist([…])), or a text to split.'
    ]
  ])("dies, asking nothing, where %s cannot be right", async (_, ask, message) => {
    const seen = await run(ask)
    expect(defect(seen).message).toBe(message)
    expect(seen.asked).toStrictEqual([])
  })
})

describe("confirm", () => {
  it("asks for one box, and gives what was ticked", async () => {
    const yes = await run(Elicitation.confirm("Sure?"), { answers: [ok({ ok: true })] })
    expect(value(yes)).toBe(true)
    expect(yes.asked).toStrictEqual([
      {
        mode: "form",
        message: "Sure?",
        requestedSchema: { type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"] }
      }
    ])
    expect(value(await run(Elicitation.confirm("Sure?"), { answers: [ok({ ok: false })] }))).toBe(false)
  })

  it("takes a decline for no, and only fails when dismissed or left without an answer", async () => {
    expect(value(await run(Elicitation.confirm("Sure?"), { answers: [{ action: "decline" }] }))).toBe(false)
    expect(failure(await run(Elicitation.confirm("Sure?"), { answers: [{ action: "cancel" }] }))).toBeInstanceOf(
      ElicitationCancelled
    )
    const empty = await run(Elicitation.confirm("Sure?"), { answers: [ok(), ok({ ok: "yes" }), ok({ ok: 1 })] })
    expect(failure(empty)).toBeInstanceOf(InvalidAnswer)
    expect(failure(empty).issues).toMatchObject([{ path: ["ok"], expected: "boolean", received: "1" }])
  })
})

describe("choose", () => {
  const fieldOf = (seen: Seen) => (seen.asked[0] as any).requestedSchema.properties.choice

  it("asks for one string", async () => {
    const seen = await run(Elicitation.choose("Size?", ["S", "M"], { title: "Size", key: "size" }), {
      answers: [ok({ choice: "M" })]
    })
    expect(value(seen)).toBe("M")
    expect(fieldOf(seen)).toStrictEqual({ type: "string", title: "Size", enum: ["S", "M"] })
    expect((seen.asked[0] as any).requestedSchema.required).toStrictEqual(["choice"])
    expect(seen.keys).toStrictEqual(["size"])
  })

  it("shows titles where options have them", async () => {
    const seen = await run(Elicitation.choose("Size?", [{ value: "s", title: "Small" }, "M"]), {
      answers: [ok({ choice: "Small" }), ok({ choice: "s" })]
    })
    expect(value(seen)).toBe("s")
    expect(fieldOf(seen)).toStrictEqual({
      type: "string",
      oneOf: [
        { const: "s", title: "Small" },
        { const: "M", title: "M" }
      ]
    })
    expect(seen.asked[1]!["message"]).toBe(
      'Size?\n\nThe last answer was not accepted:\n- choice: expected one of the allowed values, received "Small"; allowed: "s", "M"'
    )
  })

  it("asks for several", async () => {
    const seen = await run(Elicitation.choose("Sizes?", ["S", "M"], { multiple: true }), {
      answers: [ok({ choice: "S" }), ok({ choice: ["S", "L"] }), ok({ choice: ["M", "S"] })]
    })
    expect(value(seen)).toStrictEqual(["M", "S"])
    expect(fieldOf(seen)).toStrictEqual({ type: "array", items: { type: "string", enum: ["S", "M"] } })
    const named = await run(Elicitation.choose("Sizes?", [{ value: "s", title: "Small" }], { multiple: true }), {
      answers: [ok({ choice: [] })]
    })
    expect(value(named)).toStrictEqual([])
    expect(fieldOf(named)).toStrictEqual({ type: "array", items: { anyOf: [{ const: "s", title: "Small" }] } })
  })

  it("dies where there is nothing to choose, or the same twice", async () => {
    expect(defect(await run(Elicitation.choose("Size?", []))).message).toBe(
      "Elicitation.choose: no choices. Give at least one."
    )
    expect(defect(await run(Elicitation.choose("Size?", ["S", { value: "S", title: "Small" }]))).message).toBe(
      'Elicitation.choose: the choice "S" is there twice. Leave one out.'
    )
  })

  it("takes what is offered and nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.string(), { minLength: 1 }),
        fc.boolean(),
        fc.oneof(fc.jsonValue(), fc.array(fc.string())),
        async (options, multiple, other) => {
          const good = multiple ? options : options.at(-1)
          const seen = await run(Elicitation.choose("?", options, { multiple }), { answers: [ok({ choice: good })] })
          expect(value(seen)).toStrictEqual(good)
          const isOffered = (u: unknown) => options.includes(u as string)
          const fits = multiple ? Array.isArray(other) && other.every(isOffered) : isOffered(other)
          const answers = [ok({ choice: other })]
          const strange = await run(Elicitation.choose("?", options, { multiple, attempts: 1 }), { answers })
          expect(Exit.isSuccess(strange.exit)).toBe(fits)
        }
      ),
      { numRuns: 100 }
    )
  })
})

describe("text and number", () => {
  const fieldOf = (seen: Seen) => (seen.asked[0] as any).requestedSchema

  it("ask for one line, within limits", async () => {
    const seen = await run(
      Elicitation.text("Name?", { minLength: 2, maxLength: 5, title: "Name", description: "First" }),
      {
        answers: [ok({ value: "A" }), ok({ value: "Ada" })]
      }
    )
    expect(value(seen)).toBe("Ada")
    expect(fieldOf(seen)).toStrictEqual({
      type: "object",
      properties: { value: { type: "string", title: "Name", description: "First", minLength: 2, maxLength: 5 } },
      required: ["value"]
    })
  })

  it.each([
    ["email", "ada@example.com"],
    ["uri", "https://example.com/a"],
    ["date", "2024-12-31"],
    ["date-time", "2024-12-31T23:59:59Z"]
  ] as const)("ask for a text of the format %s", async (format, good) => {
    const seen = await run(Elicitation.text("Which?", { format }), {
      answers: [ok({ value: "?" }), ok({ value: good })]
    })
    expect(value(seen)).toBe(good)
    expect(seen.asked).toHaveLength(2)
    expect(fieldOf(seen).properties.value).toStrictEqual({ type: "string", format })
  })

  it("take their default where the field is left out", async () => {
    const text = await run(Elicitation.text("Name?", { default: "Ada" }), { answers: [ok()] })
    expect(value(text)).toBe("Ada")
    expect(fieldOf(text)).toStrictEqual({ type: "object", properties: { value: { type: "string", default: "Ada" } } })
    expect(value(await run(Elicitation.number("Age?", { default: 0 }), { answers: [ok({})] }))).toBe(0)
  })

  it("ask for one number, within bounds", async () => {
    const seen = await run(Elicitation.number("Age?", { integer: true, min: 18, max: 99, default: 30 }), {
      answers: [ok({ value: 17 }), ok({ value: 18.5 }), ok({ value: 18 })]
    })
    expect(value(seen)).toBe(18)
    expect(fieldOf(seen).properties.value).toStrictEqual({ type: "integer", minimum: 18, maximum: 99, default: 30 })
    const any = await run(Elicitation.number("Score?"), { answers: [ok({ value: "1" }), ok({ value: -0.5 })] })
    expect(value(any)).toBe(-0.5)
    expect(fieldOf(any).properties.value).toStrictEqual({ type: "number" })
  })
})

describe("url", () => {
  const ask = Elicitation.url("Log in", "https://example.com/login")

  it("sends the URL with an id, and says when the user is done", async () => {
    const visit = Effect.flatMap(ask, ({ elicitationId, complete }) => Effect.as(complete, elicitationId))
    const seen = await run(visit, { answers: [ok()] })
    const elicitationId = value(seen)
    expect(elicitationId).toMatch(/^[\w-]{43}$/)
    expect(seen.asked).toStrictEqual([
      { mode: "url", message: "Log in", url: "https://example.com/login", elicitationId }
    ])
    expect(seen.told).toStrictEqual([["notifications/elicitation/complete", { elicitationId }]])
  })

  it("sends no id on 2026-07-28, which has none", async () => {
    const seen = await run(ask, { answers: [ok()], revision: "2026-07-28" })
    expect(seen.asked).toStrictEqual([{ mode: "url", message: "Log in", url: "https://example.com/login" }])
  })

  it("has an id that is the same in each run of a call, and differs between questions and calls", async () => {
    const answers = [ok(), ok(), ok()]
    const ids = (seed: string) =>
      run(Effect.all([ask, ask, Elicitation.url("Log in", "https://example.com/login", { key: "k" })]), {
        answers,
        seed
      }).then((seen) =>
        (value(seen) as ReadonlyArray<{ readonly elicitationId: string }>).map((visit) => visit.elicitationId)
      )
    const first = await ids("a")
    expect(await ids("a")).toStrictEqual(first)
    expect(new Set([...first, ...(await ids("b"))]).size).toBe(6)
  })

  it("fails when declined or dismissed", async () => {
    expect(failure(await run(ask, { answers: [{ action: "decline" }] }))).toBeInstanceOf(ElicitationDeclined)
    expect(failure(await run(ask, { answers: [{ action: "cancel" }] }))).toBeInstanceOf(ElicitationCancelled)
  })

  it.each([
    "https://example.com",
    "http://localhost:3000/a",
    "http://app.localhost",
    "http://127.0.0.1/",
    "http://[::1]:80/"
  ])("may lead to %s", async (url) => {
    const seen = await run(Elicitation.url("Go", url), { answers: [ok()] })
    expect(seen.asked).toMatchObject([{ url }])
    expect(Exit.isSuccess(seen.exit)).toBe(true)
  })

  it.each([
    "/login",
    "example.com",
    "",
    "http://example.com",
    "http://localhost.example.com",
    "http://127.0.0.1.example.com",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "data:text/html,x",
    "https://user@example.com",
    "https://user:secret@example.com",
    " https://example.com",
    "https://exam\nple.com"
  ])("dies, asking nothing, when it is to lead to %j", async (url) => {
    const seen = await run(Elicitation.url("Go", url))
    expect(defect(seen)).toBeInstanceOf(TypeError)
    expect(defect(seen).message).toBe(
      `Elicitation.url: ${JSON.stringify(url)} must be an absolute https URL without credentials; http is for localhost alone.`
    )
    expect(seen.asked).toStrictEqual([])
  })
})

describe("urlRequired", () => {
  const urls = [
    { message: "Connect A", url: "https://a.example/connect" },
    { message: "Connect B", url: "https://b.example/connect", key: "b" }
  ]

  it("fails with all that has to be visited, up to 2025-11-25, and asks nothing", async () => {
    const seen = await run(Elicitation.urlRequired(urls))
    const required = failure(seen)
    expect(required).toBeInstanceOf(UrlElicitationRequired)
    expect(isUrlElicitationRequired(required)).toBe(true)
    expect(required.elicitations).toStrictEqual([
      {
        mode: "url",
        message: "Connect A",
        url: "https://a.example/connect",
        elicitationId: expect.stringMatching(/^[\w-]{43}$/)
      },
      {
        mode: "url",
        message: "Connect B",
        url: "https://b.example/connect",
        elicitationId: expect.stringMatching(/^[\w-]{43}$/)
      }
    ])
    expect(required.data).toStrictEqual({ elicitations: required.elicitations })
    expect(required.message).toBe(
      "The user has to visit URLs before this can go on:\n- Connect A https://a.example/connect\n- Connect B https://b.example/connect"
    )
    expect(seen.asked).toStrictEqual([])
  })

  it("asks for all of them at once on 2026-07-28, and succeeds when the user agrees to each", async () => {
    let open = 0
    const together = Effect.callback<unknown>((resume) => {
      open++
      const wait = () => (open === 2 ? resume(Effect.succeed(ok())) : void setImmediate(wait))
      wait()
    })
    const seen = await run(Elicitation.urlRequired(urls), { revision: "2026-07-28", answers: [together, together] })
    expect(value(seen)).toBeUndefined()
    expect(seen.asked.map(({ url }) => url)).toStrictEqual(["https://a.example/connect", "https://b.example/connect"])
    expect(seen.keys).toStrictEqual([undefined, "b"])
  })

  it("fails on 2026-07-28 when the user declines one", async () => {
    const answers = [ok(), { action: "decline" }]
    const seen = await run(Elicitation.urlRequired(urls), { revision: "2026-07-28", answers })
    expect(failure(seen)).toMatchObject({ _tag: "ElicitationDeclined", question: "Connect B" })
  })

  it.each(["2025-06-18", "2025-11-25", "2026-07-28"])("needs elicitation by URL on %s", async (revision) => {
    const capabilities = { elicitation: { form: {} } }
    expect(failure(await run(Elicitation.urlRequired(urls), { revision, capabilities }))).toBeInstanceOf(
      ClientUnsupported
    )
  })

  it("dies where no URL is named", async () => {
    expect(defect(await run(Elicitation.urlRequired([]))).message).toBe(
      "Elicitation.urlRequired: name at least one URL."
    )
  })
})

describe("what the client supports", () => {
  const form = Elicitation.form("Who?", contact)
  const url = Elicitation.url("Go", "https://example.com")
  const answers = [ok({ name: "Ada" })]

  it.each<[string, unknown, boolean, boolean]>([
    ["2025-11-25", {}, true, false],
    ["2025-11-25", { form: {} }, true, false],
    ["2025-11-25", { form: { applyDefaults: true }, url: {} }, true, true],
    ["2025-11-25", { url: {} }, false, true],
    ["2025-11-25", { url: true }, false, false],
    ["2025-11-25", undefined, false, false],
    ["2025-11-25", true, false, false],
    ["2026-07-28", {}, true, false],
    ["2026-07-28", { url: {} }, false, true],
    ["2025-06-18", {}, true, false],
    ["2025-06-18", { form: {}, url: {} }, true, false],
    ["2025-06-18", undefined, false, false],
    ["2025-03-26", { form: {}, url: {} }, false, false]
  ])("on %s with %j: forms %s, URLs %s", async (revision, elicitation, forms, urls) => {
    const capabilities = elicitation === undefined ? {} : { elicitation }
    for (const [ask, supported] of [
      [form, forms],
      [url, urls]
    ] as const) {
      const seen = await run(ask, { revision, capabilities, answers })
      expect(Exit.isSuccess(seen.exit)).toBe(supported)
      expect(seen.asked).toHaveLength(supported ? 1 : 0)
      if (!supported) expect(failure(seen)).toBeInstanceOf(ClientUnsupported)
    }
  })

  it("is a failure that says what it would need", async () => {
    const noForms = failure(await run(form, { capabilities: {} }))
    expect(noForms.message).toBe('The question "Who?" needs elicitation; this client does not support that here.')
    expect(noForms.requiredCapabilities).toStrictEqual({ elicitation: {} })
    const noUrls = failure(await run(url, { capabilities: { elicitation: {} } }))
    expect(noUrls.message).toBe('The question "Go" needs elicitation by URL; this client does not support that here.')
    expect(noUrls.requiredCapabilities).toStrictEqual({ elicitation: { url: {} } })
  })

  it("decides how a form is worded: 2025-06-18 has no modes, titled choices or defaults but of boxes", async () => {
    const old = await run(
      Elicitation.form("Which?", {
        size: v.optional(v.union([v.pipe(v.literal("s"), v.title("Small")), v.literal("m")]), "m"),
        color: v.picklist(["red"]),
        gift: v.optional(v.boolean(), false),
        note: v.optional(v.pipe(v.string(), v.maxLength(9)), "none")
      }),
      { revision: "2025-06-18", answers: [ok({ color: "red" })] }
    )
    expect(value(old)).toStrictEqual({ size: "m", color: "red", gift: false, note: "none" })
    expect(old.asked).toStrictEqual([
      {
        message: "Which?",
        requestedSchema: {
          type: "object",
          properties: {
            size: { type: "string", enum: ["s", "m"], enumNames: ["Small", "m"] },
            color: { type: "string", enum: ["red"] },
            gift: { type: "boolean", default: false },
            note: { type: "string", maxLength: 9 }
          },
          required: ["color"]
        }
      }
    ])
  })

  it("decides whether several choices can be asked for", async () => {
    const seen = await run(Elicitation.form("Which?", { tags: v.array(v.picklist(["a"])) }), { revision: "2025-06-18" })
    expect(failure(seen)).toBeInstanceOf(ClientUnsupported)
    expect(failure(seen).message).toBe(
      'The question "Which?" lets several choices be made in "tags", which needs revision 2025-11-25; this client does not support that here.'
    )
    expect(seen.asked).toStrictEqual([])
  })
})

describe("where nobody can be asked", () => {
  it.each([
    ["form", Elicitation.form("Who?", contact)],
    ["confirm", Elicitation.confirm("Sure?")],
    ["choose", Elicitation.choose("Which?", ["a"])],
    ["text", Elicitation.text("Name?")],
    ["number", Elicitation.number("Age?")],
    ["url", Elicitation.url("Go", "https://example.com")],
    ["urlRequired", Elicitation.urlRequired([{ message: "Go", url: "https://example.com" }])]
  ])("%s dies and says where it can be used", async (name, ask) => {
    const live = Effect.provideService(
      ask as Effect.Effect<unknown, unknown, Elicitation>,
      Elicitation,
      Elicitation.live
    )
    const message = new RegExp(`^Elicitation\\.${name} asks the client, which is possible in tools, resources, prompts`)
    expect(defect({ exit: await Effect.runPromiseExit(live) }).message).toMatch(message)
    const inList = Effect.provideService(live, CurrentCall, callWith(undefined))
    expect(defect({ exit: await Effect.runPromiseExit(inList) }).message).toMatch(message)
  })
})

describe("Elicitation.layerTest", () => {
  const book = Effect.gen(function* () {
    const { name } = yield* Elicitation.form("Who?", contact)
    const size = yield* Elicitation.choose("Size?", ["S", "M"])
    return (yield* Elicitation.confirm("Sure?")) ? `${name}: ${size}` : "nothing"
  })
  const test = (...layer: Parameters<typeof Elicitation.layerTest>) =>
    Effect.runPromiseExit(Effect.provide(book, Elicitation.layerTest(...layer)))

  it("answers in the order of questions, and invalid answers are asked again", async () => {
    const exit = await test([
      accept({ name: 1 }),
      accept({ name: "Ada" }),
      accept({ choice: "M" }),
      accept({ ok: true })
    ])
    expect(value({ exit })).toBe("Ada: M")
  })

  it("can be provided again, from its start", async () => {
    const layer = Elicitation.layerTest([accept({ name: "Ada" }), accept({ choice: "M" }), decline()])
    for (const _ of [1, 2]) expect(await Effect.runPromise(Effect.provide(book, layer))).toBe("nothing")
  })

  it("answers with a function: at once, later, or with an Effect", async () => {
    const seen: Array<ElicitRequest> = []
    const exit = await test((request) => {
      seen.push(request)
      if (request.message === "Who?") return Promise.resolve(accept({ name: "Ada" }))
      return request.message === "Size?" ? Effect.succeed(accept({ choice: "S" })) : accept({ ok: true })
    })
    expect(value({ exit })).toBe("Ada: S")
    expect(seen[0]).toStrictEqual({ mode: "form", message: "Who?", requestedSchema: contactSchema })
    expect(seen.map(({ message }) => message)).toStrictEqual(["Who?", "Size?", "Sure?"])
  })

  it("declines, dismisses and fails as clients do", async () => {
    expect(failure({ exit: await test([decline()]) })).toBeInstanceOf(ElicitationDeclined)
    expect(failure({ exit: await test([cancel()]) })).toBeInstanceOf(ElicitationCancelled)
    const late = new AskTimedOut("elicitation/create", 10)
    expect(failure({ exit: await test(() => Effect.fail(late)) })).toBe(late)
    expect(failure({ exit: await test([], { capability: null }) })).toBeInstanceOf(ClientUnsupported)
  })

  it("words questions in the revision it is told", async () => {
    const seen: Array<ElicitRequest> = []
    const script = (request: ElicitRequest) => {
      seen.push(request)
      return accept()
    }
    const ask = Elicitation.urlRequired([{ message: "Go", url: "https://example.com" }])
    const on = (revision?: string) =>
      Effect.runPromiseExit(Effect.provide(ask, Elicitation.layerTest(script, { revision })))
    expect(value({ exit: await on() })).toBeUndefined()
    expect(seen).toStrictEqual([{ mode: "url", message: "Go", url: "https://example.com" }])
    expect(failure({ exit: await on("2025-11-25") })).toBeInstanceOf(UrlElicitationRequired)
  })

  it("dies where the script is over, or has no answer", async () => {
    expect(defect({ exit: await test([accept({ name: "Ada" })]) }).message).toBe(
      'Elicitation.layerTest: no answer is left for question 2, "Size?". Script one more.'
    )
    expect(defect({ exit: await test(() => ({ action: "yes" }) as never) }).message).toBe(
      'Elicitation.layerTest: the answer to "Who?" is none. Use accept({ … }), decline() or cancel().'
    )
  })
})
