import type { RequestedSchema } from "../builder/form.ts"

/** A question as the user's client sees it (MCP client/elicitation, "Elicitation Requests"). */
export type ElicitRequest =
  | { readonly mode: "form"; readonly message: string; readonly requestedSchema: RequestedSchema }
  | {
      readonly mode: "url"
      readonly message: string
      readonly url: string
      /** What `notifications/elicitation/complete` refers to; only on 2025-11-25. */
      readonly elicitationId?: string
    }

/** What a user did with a question (MCP client/elicitation, "Response Actions"). */
export type ElicitAnswer =
  | { readonly action: "accept"; readonly content?: Readonly<Record<string, unknown>> }
  | { readonly action: "decline" }
  | { readonly action: "cancel" }

/** The user sent the form with this content, or agreed to visit the URL. */
export const accept = (content?: Readonly<Record<string, unknown>>): ElicitAnswer =>
  content === undefined ? { action: "accept" } : { action: "accept", content }

/** The user said no. */
export const decline = (): ElicitAnswer => ({ action: "decline" })

/** The user dismissed the question without a choice. */
export const cancel = (): ElicitAnswer => ({ action: "cancel" })
