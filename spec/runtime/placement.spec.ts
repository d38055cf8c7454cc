import { AssemblyError, assemble, type Component, server } from "mcpipe"
import fc from "fast-check"
import { afterEach, describe, expect, it, vi } from "vitest"
import type { Collisions, MountOptions } from "../../lib/builder/mount.ts"
import { servedName } from "../../lib/builder/transform.ts"
import { catalogueOf, findResource } from "../../lib/runtime/catalogue.ts"
import { treeOf } from "../../lib/runtime/node.ts"
import { chainOf, originOf } from "../../lib/runtime/place.ts"
import { TemplateIndex } from "../../lib/runtime/template-index.ts"
import { parseUriTemplate, templatesConflict } from "../../lib/builder/uri-template.ts"
import { info, saidBy, sayPrompt, sayResource, sayTool, spoken } from "../kit/served.ts"
import { connectWire } from "../kit/wire.ts"

/** A server as data: what it has, and what is mounted on it. */
interface Plan {
  readonly tools: ReadonlyArray<string>
  readonly prompts: ReadonlyArray<string>
  readonly uris: ReadonlyArray<string>
  readonly mounts: ReadonlyArray<{
    readonly namespace: string | undefined
    readonly collisions: Collisions
    readonly rename: ReadonlyArray<readonly [string, string]>
    readonly only: ReadonlyArray<string> | undefined
    readonly plan: Plan
  }>
}

const names = ["a", "b", "c", "a_2", "n_a"]
const uris = ["x://r", "x://n/r", "x://{id}", "x://n/{id}", "x://{k}/r", "y://{p*}", "y://q{k}", "y://{k}q"]
const namespace = fc.constantFrom(undefined, "n", "n", "m", "n_2")
const collisions = fc.constantFrom<Collisions>("suffix", "keep", "replace")

const own = {
  tools: fc.uniqueArray(fc.constantFrom(...names), { maxLength: 3 }),
  prompts: fc.uniqueArray(fc.constantFrom(...names), { maxLength: 2 }),
  uris: fc.uniqueArray(fc.constantFrom(...uris), { maxLength: 3 }).map(withoutConflicts)
}

/** Of templates that match the same URIs the first alone: those of one server must not collide. */
function withoutConflicts(all: ReadonlyArray<string>): ReadonlyArray<string> {
  const kept: Array<string> = []
  for (const uri of all) {
    const one = parseUriTemplate(uri, uri)
    if (!kept.some((other) => templatesConflict(parseUriTemplate(other, other), one))) kept.push(uri)
  }
  return kept
}

const { plan } = fc.letrec<{ plan: Plan; leaf: Plan }>((tie) => ({
  leaf: fc.record({ ...own, mounts: fc.constant([]) }),
  plan: fc.oneof(
    { depthSize: "small" },
    tie("leaf"),
    fc.record({
      ...own,
      mounts: fc.array(
        fc.record({
          namespace,
          collisions,
          rename: fc.uniqueArray(fc.tuple(fc.constantFrom(...names), fc.constantFrom("a", "z", "b_2")), {
            maxLength: 2,
            selector: ([from]) => from
          }),
          only: fc.option(fc.uniqueArray(fc.constantFrom("a", "b*", "x://*", "*"), { minLength: 1 }), {
            nil: undefined,
            freq: 4
          }),
          plan: tie("plan")
        }),
        { maxLength: 3 }
      )
    })
  )
}))

/** Builds it; each component says which one it is. All of them are noted in `made`. */
const built = ({ tools, prompts, uris, mounts }: Plan, made: Array<Component>, where = "root"): any => {
  const components = [
    ...tools.map((name) => sayTool(name, `${where} tool ${name}`)),
    ...prompts.map((name) => sayPrompt(name, `${where} prompt ${name}`)),
    ...uris.map((uri) => sayResource(uri, `${where} resource ${uri}`))
  ]
  made.push(...components)
  let target: any = server(info(where)).add(...components)
  for (const [index, mount] of mounts.entries()) {
    const child = built(mount.plan, made, `${where}.${index}`)
    // names that are not there stop the assembly, which is another spec's
    const has = namesOf(child)
    const present = (text: string) =>
      has.some((name) => text === "*" || (text.endsWith("*") ? name.startsWith(text.slice(0, -1)) : name === text))
    const called = has.filter((name) => !name.includes("://"))
    const picked = mount.only?.filter(present) ?? []
    const options: MountOptions = {
      collisions: mount.collisions,
      rename: Object.fromEntries(mount.rename.filter(([from, to]) => called.includes(from) && !called.includes(to))),
      ...(picked.length === 0 ? {} : { only: picked })
    }
    const targets = new Set(Object.values(options.rename ?? {}))
    // two that are given one name are the author's mistake under "suffix"
    const given = targets.size === Object.keys(options.rename ?? {}).length ? options : { ...options, rename: {} }
    target = mount.namespace === undefined ? target.mount(child, given) : target.mount(mount.namespace, child, given)
  }
  return target
}

const catalogueFor = (served: any) => {
  const { root, nodes } = treeOf(served)
  return { catalogue: catalogueOf(nodes, (node) => node.definition.components, 0), root }
}

const namesOf = (served: any): ReadonlyArray<string> => {
  const { catalogue, root } = catalogueFor(served)
  return catalogue.places.get(root)!.map(({ name }) => name)
}

afterEach(() => void vi.restoreAllMocks())

describe("any tree of mounts, policies, selections and renames", () => {
  it("serves each component once, or says what it was left out for", () => {
    fc.assert(
      fc.property(plan, (plan) => {
        const made: Array<Component> = []
        const { catalogue, root } = catalogueFor(built(plan, made))
        const places = catalogue.places.get(root)!
        const served = new Map(places.map((place) => [originOf(place).component, place]))
        expect(served.size).toBe(places.length)
        const lost = new Set(catalogue.losses.map(({ lost }) => originOf(lost).component))
        const picked = (component: Component) => {
          // a mount's `only` leaves out by intent: what any node on the way did not pass on, with no loss
          const nodes = [...catalogue.places].filter(([, all]) =>
            all.some((place) => originOf(place).component === component)
          )
          const outermost = nodes.map(([node]) => node).find((node) => nodes.every(([other]) => contains(node, other)))!
          return outermost.policy.only === undefined
        }
        for (const component of made) {
          if (served.has(component)) expect(lost.has(component)).toBe(false)
          else if (!lost.has(component)) expect(picked(component)).toBe(false)
        }
        for (const { lost, kept } of catalogue.losses) expect(chainOf(lost)).not.toContain(kept)
      }),
      { numRuns: 300 }
    )
  })

  it("has unique names, and what is listed is what is found by its name", () => {
    fc.assert(
      fc.property(plan, (plan) => {
        const { catalogue, root } = catalogueFor(built(plan, []))
        const places = catalogue.places.get(root)!
        expect(new Set(places.map((place) => `${place.component["~mcpipe/Component"].type} ${place.name}`)).size).toBe(
          places.length
        )
        for (const place of places) {
          const { type } = place.component["~mcpipe/Component"]
          if (type === "tool") expect(catalogue.tools.get(place.name)!.place).toBe(place)
          else if (type === "prompt") expect(catalogue.prompts.get(place.name)!.place).toBe(place)
          else if (place.name.includes("{")) expect(catalogue.templatesByUri.get(place.name)!.place).toBe(place)
          else expect(findResource(catalogue, place.name)!.place).toBe(place)
        }
        const { tools, prompts, resources, templates } = catalogue.lists
        expect(tools.items.length + prompts.items.length + resources.items.length + templates.items.length).toBe(
          places.length
        )
      }),
      { numRuns: 300 }
    )
  })

  it.each(spoken)(
    "answers for all it lists, each with its own handler, on %s",
    async (speak) => {
      // what is left out is logged
      vi.spyOn(console, "error").mockImplementation(() => {})
      await fc.assert(
        fc.asyncProperty(plan, async (plan) => {
          const made: Array<Component> = []
          const app = assemble(built(plan, made))
          const origins = new Map(
            app["~mcpipe/App"].assembly.catalogue.places.get(app["~mcpipe/App"].assembly.root)!.map((place) => {
              const { component } = originOf(place)
              return [`${component["~mcpipe/Component"].type} ${place.name}`, component]
            })
          )
          await using wire = await connectWire(app, { speak })
          const said = await saidBy(wire)
          expect(Object.keys(said).length).toBe(origins.size)
          for (const [name, text] of Object.entries(said)) {
            // a URI of a template may be that of a more literal one
            if (name.includes("{")) expect(text).toMatch(/ resource /)
            else expect(text.endsWith(` ${name.split(" ")[0]} ${servedName(origins.get(name)!)}`)).toBe(true)
          }
          await app.dispose()
        }),
        { numRuns: 40 }
      )
    },
    60_000
  )
})

const contains = (outer: any, inner: any): boolean =>
  inner === outer || (inner.parent !== undefined && contains(outer, inner.parent))

describe("mounting", () => {
  const component = fc.oneof(
    fc.constantFrom(...names).map((name) => sayTool(name, name)),
    fc.constantFrom(...names).map((name) => sayPrompt(name, name)),
    fc.constantFrom("x://r", "x://{id}/a", "y://{p*}").map((uri) => sayResource(uri, uri))
  )
  const components = fc.uniqueArray(component, {
    maxLength: 5,
    selector: (one) => `${one["~mcpipe/Component"].type} ${servedName(one)}`
  })
  const space = fc.constantFrom("n", "m", "long.name", "k-1", "n_2")

  it("gives the same names however it is bracketed", () => {
    fc.assert(
      fc.property(components, fc.array(space, { minLength: 1, maxLength: 5 }), fc.nat(), (all, spaces, cut) => {
        const leaf = server(info("leaf")).add(...all)
        const at = 1 + (cut % spaces.length)
        /** `one.mount(a, two.mount(b, …))`, from the inside out. */
        const within = (inner: any, path: ReadonlyArray<string>) =>
          path.reduceRight((child, namespace) => server(info("s")).mount(namespace, child), inner)
        const whole = within(leaf, spaces)
        const halves = within(within(leaf, spaces.slice(at)), spaces.slice(0, at))
        // tools and prompts: namespaces joined by "_"; URIs: by "/"
        const joined = server(info("s")).mount(spaces.join("_"), leaf)
        const expected = all.map((one) => {
          const name = servedName(one)
          if (one["~mcpipe/Component"].type !== "resource") return `${spaces.join("_")}_${name}`
          return name.replace("://", `://${spaces.join("/")}/`)
        })
        expect(namesOf(whole)).toEqual(expected)
        expect(namesOf(halves)).toEqual(expected)
        const called = (name: string) => !name.includes("://")
        expect(namesOf(joined).filter(called)).toEqual(expected.filter(called))
      })
    )
  })

  it("without a namespace changes nothing, wherever it stands in the way", () => {
    fc.assert(
      fc.property(components, fc.array(fc.option(space, { nil: undefined }), { maxLength: 5 }), (all, spaces) => {
        const mounted = (path: ReadonlyArray<string | undefined>) =>
          path.reduceRight<any>(
            (child, namespace) =>
              namespace === undefined ? server(info("s")).mount(child) : server(info("s")).mount(namespace, child),
            server(info("leaf")).add(...all)
          )
        expect(namesOf(mounted(spaces))).toEqual(namesOf(mounted(spaces.filter((one) => one !== undefined))))
      })
    )
  })

  it("stops at every collision that no policy decides, and at no other", () => {
    fc.assert(
      fc.property(components, components, (one, two) => {
        const both = () =>
          assemble(
            server(info("s"))
              .mount(server(info("a")).add(...one))
              .mount(server(info("b")).add(...two))
          )
        const keys = one.map((component) => `${component["~mcpipe/Component"].type} ${servedName(component)}`)
        const clashes = two.filter((component) =>
          keys.includes(`${component["~mcpipe/Component"].type} ${servedName(component)}`)
        )
        if (clashes.length === 0) expect(both).not.toThrow()
        else {
          expect(both).toThrow(AssemblyError)
          try {
            both()
          } catch (error) {
            expect((error as Error).message.split("\n")).toHaveLength(clashes.length)
          }
        }
      })
    )
  })
})

describe("the index of templates", () => {
  const piece = fc.constantFrom("a", "b", "ab", "{v}", "a{v}", "{v}b", "{v*}", "a?x", "b#y")
  const template = fc
    .tuple(fc.constantFrom("x", "xy"), fc.array(piece, { minLength: 1, maxLength: 4 }), fc.constantFrom("", "", "{?q}"))
    .map(([scheme, pieces, query]) => {
      let n = 0
      const path = pieces.map((text) => text.replace("v", () => `v${n++}`)).join("/")
      return `${scheme}://${path}${query}`
    })
    .filter((uri) => {
      try {
        return parseUriTemplate(uri, uri).isTemplate
      } catch {
        return false
      }
    })

  it("finds a rival exactly where one of all does conflict", () => {
    fc.assert(
      fc.property(fc.uniqueArray(template, { maxLength: 12 }), template, fc.nat(), (all, one, gone) => {
        const parsed = parseUriTemplate(one, one)
        const index = new TemplateIndex<string>()
        for (const uri of all) index.add({ template: parseUriTemplate(uri, uri), value: uri })
        const removed = all[gone % Math.max(1, all.length)]
        if (removed !== undefined) index.remove(parseUriTemplate(removed, removed), removed)
        const rivals = all.filter((uri) => uri !== removed && templatesConflict(parseUriTemplate(uri, uri), parsed))
        const found = index.rival(parsed, () => true)
        if (rivals.length === 0) expect(found).toBe(undefined)
        else expect(rivals).toContain(found)
      }),
      { numRuns: 3000 }
    )
  })
})

describe("a thousand", () => {
  const thousand = Array.from({ length: 1000 }, (_, n) => n)
  const timed = (what: string, make: () => unknown) => {
    const millis = [0, 1, 2].map(() => {
      const start = performance.now()
      make()
      return performance.now() - start
    })
    console.info(`${what}: ${Math.min(...millis).toFixed(1)} ms to assemble`)
  }
  const one = server(info("one")).add(...thousand.map((n) => sayTool(`t${n}`, "t")))

  it("tools on one mount, and on a hundred, assemble", () => {
    timed("1,000 tools on one mount", () => assemble(server(info("m")).mount("a", one)))
    const ten = thousand.slice(0, 10).map((n) => sayTool(`t${n}`, "t"))
    for (const collisions of ["error", "suffix", "keep", "replace"] as const) {
      const main = thousand.slice(0, 100).reduce<any>(
        (target, n) => {
          const child = server(info(`s${n}`)).add(...ten)
          return collisions === "error" ? target.mount(`n${n}`, child) : target.mount(child, { collisions })
        },
        server(info("m"))
      )
      timed(`100 servers of 10 tools, "${collisions}"`, () => assemble(main))
    }
  })

  it("templates that look alike assemble", () => {
    for (const shape of ["x%://{a}/b", "x://{a}/b%/{c}", "x://k/{a}/b/{c}/d%", "x://k/{a*}/d%", "x://k%/{a*}{?q}"]) {
      const all = thousand.map((n) => sayResource(shape.replace("%", `${n + 1000}`), "x"))
      timed(`1,000 of ${shape}`, () => assemble(server(info("m")).mount("a", server(info("u")).add(...all))))
    }
  })
})
