import { Context } from "mcpipe"

/** Three services for specs, each holding its own name or whatever a layer says. */
export class A extends Context.Service<A, { readonly value: string }>()("spec/A") {}
export class B extends Context.Service<B, { readonly value: string }>()("spec/B") {}
export class C extends Context.Service<C, { readonly value: string }>()("spec/C") {}
