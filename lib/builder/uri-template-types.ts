/**
 * Variables of a URI template literal: `"user://{id}/{path*}{?q}"` gives `{ id: string; path: string; q?: string | undefined }`,
 * a static literal gives `{}`, and a URI the compiler does not know gives `Record<string, string | undefined>`.
 */
export type UriVariables<Uri extends string> =
  // every property of a Record keyed by `string` or by a pattern such as `user://${string}` is optional
  {} extends Record<Uri, true>
    ? Record<string, string | undefined>
    : Flat<
        { [Name in PathNames<Expressions<Uri>>]: string } & {
          [Name in QueryNames<Expressions<Uri>>]?: string | undefined
        }
      >

type Flat<T> = { [K in keyof T]: T[K] } & {}

type Expressions<Uri extends string> = Uri extends `${string}{${infer Inside}}${infer Rest}`
  ? Inside | Expressions<Rest>
  : never

type PathNames<Inside extends string> = Inside extends `?${string}`
  ? never
  : Inside extends `${infer Name}*`
    ? Name
    : Inside

type QueryNames<Inside extends string> = Inside extends `?${infer Names}` ? Listed<Names> : never

type Listed<Names extends string> = Names extends `${infer First},${infer Rest}` ? First | Listed<Rest> : Names
