import { type Component, derive } from "./component.ts"

/**
 * A typed key for facts about components that libraries and middleware agree on, such as a price or a required scope.
 * Mounts and lists preserve them; clients never see them.
 */
export interface Annotation<in out A> {
  readonly id: string
  /** `tool(…).pipe(price.set(3))`: the component with this fact; the receiver stays as it was. */
  readonly set: (value: A) => <C extends Component>(component: C) => C
  /** The fact, or undefined where the component has none. */
  readonly get: (component: Component) => A | undefined
}

/** Makes a typed component annotation; `id` must be unique, such as `"acme/price"`. */
export const annotation = <A>(id: string): Annotation<A> => ({
  id,
  set:
    (value) =>
    <C extends Component>(component: C): C => {
      const internals = component["~mcpipe/Component"]
      const annotations = new Map(internals.annotations).set(id, value)
      return derive(component, { "~mcpipe/Component": { ...internals, annotations } } as Partial<
        Record<keyof C, unknown>
      >)
    },
  get: (component) => component["~mcpipe/Component"].annotations.get(id) as A | undefined
})
