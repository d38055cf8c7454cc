import type { Icon } from "./component.ts"
import type { ResourceAnnotations } from "./resource.ts"
import type { JsonSchemaDocument, StringArgument } from "./schema.ts"
import type { ToolAnnotations } from "./tool.ts"

interface Listed {
  readonly name: string
  readonly title?: string | undefined
  readonly description?: string | undefined
  readonly icons?: ReadonlyArray<Icon> | undefined
  readonly _meta?: Readonly<Record<string, unknown>> | undefined
}

/** A tool as lists show it. */
export interface ListedTool extends Listed {
  readonly inputSchema: JsonSchemaDocument
  readonly outputSchema?: JsonSchemaDocument | undefined
  readonly annotations?: ToolAnnotations | undefined
}

/** A static resource as lists show it. */
export interface ListedResource extends Listed {
  readonly uri: string
  readonly mimeType?: string | undefined
  readonly size?: number | undefined
  readonly annotations?: (ResourceAnnotations & { readonly lastModified?: string | undefined }) | undefined
}

/** A resource template as lists show it. */
export interface ListedTemplate extends Listed {
  readonly uriTemplate: string
  readonly mimeType?: string | undefined
  readonly annotations?: (ResourceAnnotations & { readonly lastModified?: string | undefined }) | undefined
}

/** A prompt as lists show it. */
export interface ListedPrompt extends Listed {
  readonly arguments?: ReadonlyArray<StringArgument> | undefined
}
