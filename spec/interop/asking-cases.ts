import type { AskingCase } from "./asking-case.ts"
import { endings } from "./asking-endings.ts"
import { forms } from "./asking-forms.ts"
import { models } from "./asking-models.ts"
import { patterns } from "./asking-patterns.ts"
import { places } from "./asking-places.ts"
import { steps } from "./asking-steps.ts"

/** Every way of asking that must come to the same on all transports and revisions, however the handler is written. */
export const asking: ReadonlyArray<AskingCase> = [...forms, ...patterns, ...endings, ...steps, ...models, ...places]
