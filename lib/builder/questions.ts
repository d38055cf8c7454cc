import type { FormInput } from "./form.ts"
import type { InferOut } from "./schema.ts"

/** How one question to a user is put. */
export interface QuestionOptions {
  /**
   * Name of this question within its call, which tells it from equal ones; what is asked has to be the same in each round
   * all the same. 1 to 128 letters, digits, `_`, `.` or `-`.
   */
  readonly key?: string | undefined
  /** How often it is asked, in all, until an answer is valid; 1 to 10. Default 3. */
  readonly attempts?: number | undefined
}

/** How a field is shown. */
export interface FieldOptions extends QuestionOptions {
  /** Label of the field. */
  readonly title?: string | undefined
  /** Help under the field. */
  readonly description?: string | undefined
}

export interface TextOptions extends FieldOptions {
  /** In UTF-16 code units. */
  readonly minLength?: number | undefined
  /** In UTF-16 code units. */
  readonly maxLength?: number | undefined
  /** What the text has to be: an e-mail address, a URL, `2024-12-31`, or a date with time and offset. */
  readonly format?: "email" | "uri" | "date" | "date-time" | undefined
  /** Filled in beforehand, and taken where the field is left out. */
  readonly default?: string | undefined
}

export interface NumberOptions extends FieldOptions {
  /** Whether it has to be whole. Default false. */
  readonly integer?: boolean | undefined
  /** The lowest number accepted. */
  readonly min?: number | undefined
  /** The highest number accepted. */
  readonly max?: number | undefined
  /** Filled in beforehand, and taken where the field is left out. */
  readonly default?: number | undefined
}

/** Something to choose: its value, which is its name too, or a value with a name for people. */
export type Choice = string | { readonly value: string; readonly title: string }

export type ChoiceValue<O extends Choice> = O extends { readonly value: infer V extends string } ? V : O

export interface ChooseOptions<Multiple extends boolean = boolean> extends FieldOptions {
  /** Whether any number of options may be chosen, none included. Default false: exactly one. */
  readonly multiple?: Multiple | undefined
}

/** What `choose` gives: the value of one option, or of each that was chosen. */
export type Chosen<Options extends ReadonlyArray<Choice>, Multiple extends boolean> = Multiple extends true
  ? Array<ChoiceValue<Options[number]>>
  : ChoiceValue<Options[number]>

export interface UrlOptions {
  /**
   * Name of this question within its call, which tells it from equal ones; what is asked has to be the same in each round
   * all the same. 1 to 128 letters, digits, `_`, `.` or `-`.
   */
  readonly key?: string | undefined
}

/** `Elicitation`, as promises: rejects with its failures, and never settles once the call is suspended. */
export interface ElicitShorthand {
  /** Asks the user to fill in a form, and gives its decoded values; see `Elicitation.form`. */
  <const Fields extends FormInput>(
    message: string,
    fields: Fields,
    options?: QuestionOptions
  ): Promise<InferOut<Fields>>
  /** Asks for a yes or no; declining is a no. */
  readonly confirm: (message: string, options?: QuestionOptions) => Promise<boolean>
  /** Asks to choose one of the options, or several. */
  readonly choose: <const Options extends ReadonlyArray<Choice>, const Multiple extends boolean = false>(
    message: string,
    options: Options,
    settings?: ChooseOptions<Multiple>
  ) => Promise<Chosen<Options, Multiple>>
  /** Asks for one line of text. */
  readonly text: (message: string, options?: TextOptions) => Promise<string>
  /** Asks for one number. */
  readonly number: (message: string, options?: NumberOptions) => Promise<number>
  /** Asks the user to visit a URL; see `Elicitation.url`. */
  readonly url: (
    message: string,
    url: string,
    options?: UrlOptions
  ) => Promise<{
    /** Unguessable, and the same in every round of the call. */
    readonly elicitationId: string
    /** Tells the client that the user is done there; nothing on 2026-07-28. */
    readonly complete: () => Promise<void>
  }>
}
