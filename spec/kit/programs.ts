import { Durable, Effect, ToolError } from "mcpipe"
import * as fc from "fast-check"
import { callOf } from "../../lib/services/current-call.ts"

/** A random handler: what it asks, records, decides and does at the same time. */
export type Program =
  | { readonly type: "ask"; readonly content: string }
  | { readonly type: "step"; readonly name: string; readonly fails: boolean; readonly turns: number }
  | { readonly type: "wait"; readonly turns: number }
  | { readonly type: "fail"; readonly why: string }
  | { readonly type: "seq" | "all" | "race"; readonly parts: ReadonlyArray<Program> }
  /** Goes on by what was answered. */
  | { readonly type: "branch"; readonly content: string; readonly even: Program; readonly odd: Program }
  | { readonly type: "caught"; readonly part: Program }

/** What every client of these programs answers: a number that depends on what is asked alone. */
export const answerTo = (content: string): number => {
  let sum = 7
  for (let i = 0; i < content.length; i++) sum = (sum * 31 + content.charCodeAt(i)) % 1_000
  return sum
}

/** How often each step was begun. */
export type Ledger = Map<string, number>

const ask = (content: string): Effect.Effect<number> =>
  Effect.withFiber((fiber) =>
    Effect.map(
      callOf(fiber.context)!.asks!.ask(
        { method: "elicitation/create", params: { message: content } },
        { wellFormed: (answer) => typeof (answer as { n?: unknown } | null)?.n === "number" }
      ) as Effect.Effect<any>,
      ({ n }) => n as number
    )
  )

const turns = (n: number): Effect.Effect<void> => Effect.forEach(Array(n), () => Effect.yieldNow, { discard: true })

/** Runs a program; what it comes to says what each part came to. */
export const run = (program: Program, ledger: Ledger): Effect.Effect<unknown, ToolError, Durable> => {
  switch (program.type) {
    case "ask":
      return ask(program.content)
    case "wait":
      return Effect.as(turns(program.turns), "waited")
    case "fail":
      return Effect.fail(new ToolError(program.why))
    case "step": {
      const work = Effect.suspend(() => {
        ledger.set(program.name, (ledger.get(program.name) ?? 0) + 1)
        return Effect.andThen(
          turns(program.turns),
          program.fails ? Effect.fail(new ToolError(`${program.name} failed`)) : Effect.succeed({ did: program.name })
        )
      })
      return Durable.step(program.name, work)
    }
    case "seq":
      return Effect.forEach(program.parts, (part) => run(part, ledger))
    case "all":
      return Effect.forEach(program.parts, (part) => run(part, ledger), { concurrency: "unbounded" })
    case "race":
      return Effect.raceAllFirst(program.parts.map((part) => run(part, ledger)))
    case "branch":
      return Effect.flatMap(ask(program.content), (n) => run(n % 2 === 0 ? program.even : program.odd, ledger))
    case "caught":
      return Effect.catch(run(program.part, ledger), (error) =>
        // which of several failures comes first is a matter of time
        Effect.succeed(isConcurrent(program.part) ? "caught" : `caught: ${error.message}`)
      )
  }
}

/** Whether parts of a program run at the same time. */
export const isConcurrent = (program: Program): boolean => JSON.stringify(program).includes('"all"')

const contents = fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h")

/** Programs of asks, recorded steps, decisions, failures and concurrency, in which nothing races. */
export const programs: fc.Arbitrary<Program> = named(
  fc.letrec<{ program: Program }>((tie) => ({
    program: fc.oneof(
      { depthSize: "medium", withCrossShrink: true },
      { weight: 4, arbitrary: contents.map((content): Program => ({ type: "ask", content })) },
      {
        weight: 2,
        arbitrary: fc.record({
          type: fc.constant("step" as const),
          name: fc.constant("step"),
          fails: fc.boolean(),
          turns: fc.nat(3)
        })
      },
      { weight: 1, arbitrary: fc.nat(4).map((turns): Program => ({ type: "wait", turns })) },
      { weight: 1, arbitrary: fc.constantFrom("no", "never").map((why): Program => ({ type: "fail", why })) },
      {
        weight: 5,
        arbitrary: fc.record({
          type: fc.constantFrom("seq" as const, "all" as const, "all" as const),
          parts: fc.array(tie("program"), { minLength: 2, maxLength: 4 })
        })
      },
      {
        weight: 3,
        arbitrary: fc.record({
          type: fc.constant("branch" as const),
          content: contents,
          even: tie("program"),
          odd: tie("program")
        })
      },
      { weight: 2, arbitrary: tie("program").map((part): Program => ({ type: "caught", part })) }
    )
  })).program
)

/** Programs in which sequences of asks race each other, beside all that does not depend on time. */
export const races: fc.Arbitrary<Program> = named(
  fc.letrec<{ program: Program; runner: Program }>((tie) => ({
    runner: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      contents.map((content): Program => ({ type: "ask", content })),
      fc.record({
        type: fc.constant("seq" as const),
        parts: fc.array(tie("runner"), { minLength: 1, maxLength: 3 })
      }),
      fc.record({ type: fc.constant("race" as const), parts: fc.array(tie("runner"), { minLength: 1, maxLength: 3 }) }),
      fc.record({ type: fc.constant("branch" as const), content: contents, even: tie("runner"), odd: tie("runner") })
    ),
    program: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      tie("runner"),
      fc.record({
        type: fc.constant("step" as const),
        name: fc.constant("step"),
        fails: fc.constant(false),
        turns: fc.constant(0)
      }),
      fc.record({ type: fc.constant("seq" as const), parts: fc.array(tie("program"), { minLength: 1, maxLength: 3 }) })
    )
  })).program
)

/** Steps need names of their own. */
function named(made: fc.Arbitrary<Program>): fc.Arbitrary<Program> {
  const rename = (program: Program, path: string): Program => {
    switch (program.type) {
      case "step":
        return { ...program, name: `step${path}` }
      case "seq":
      case "all":
      case "race":
        return { ...program, parts: program.parts.map((part, index) => rename(part, `${path}-${index}`)) }
      case "branch":
        return { ...program, even: rename(program.even, `${path}-e`), odd: rename(program.odd, `${path}-o`) }
      case "caught":
        return { ...program, part: rename(program.part, `${path}-c`) }
      default:
        return program
    }
  }
  return made.map((program) => rename(program, ""))
}
