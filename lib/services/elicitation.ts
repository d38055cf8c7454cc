import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type FormInput, toForm } from "../builder/form.ts"
import type {
  ChooseOptions,
  Chosen,
  NumberOptions,
  Choice,
  QuestionOptions,
  TextOptions,
  UrlOptions
} from "../builder/questions.ts"
import type { InferOut } from "../builder/schema.ts"
import type { ElicitationDeclined } from "./ask-errors.ts"
import type { Asks } from "./asks.ts"
import { requireAsks } from "./asks-of.ts"
import { askForm, type FormFailure } from "./elicitation-ask.ts"
import { choiceForm, confirmForm, numberForm, textForm } from "./elicitation-forms.ts"
import { type ElicitScript, type ElicitScriptOptions, scripted } from "./elicitation-script.ts"
import {
  askUrl,
  requireUrls,
  type UrlElicitationRequired,
  type UrlFailure,
  type UrlToVisit,
  type UrlVisit
} from "./elicitation-url.ts"
import { quoted } from "./elicitation-wire.ts"

/** Why a question to tick was not answered: saying no is an answer. */
export type ConfirmFailure = Exclude<FormFailure, ElicitationDeclined>

export interface ElicitationShape {
  /**
   * Asks the user to fill in a form, and gives its decoded values. The form is flat: text, numbers, yes or no, and choices
   * (`v.picklist`, or `v.union` of literals with `v.title`; several with `v.array` around). An answer that the schema
   * refuses is asked for again, saying what was wrong. Fields kept in a constant are converted once, and not in each call.
   * Never for secrets: those belong behind a `url`.
   */
  readonly form: <const Fields extends FormInput>(
    message: string,
    fields: Fields,
    options?: QuestionOptions
  ) => Effect.Effect<InferOut<Fields>, FormFailure>
  /** Asks for a yes or no: true and false are what was ticked, and declining is false. */
  readonly confirm: (message: string, options?: QuestionOptions) => Effect.Effect<boolean, ConfirmFailure>
  /** Asks to choose one of the options, or several; each is a string, or a value with a title for people. */
  readonly choose: <const Options extends ReadonlyArray<Choice>, const Multiple extends boolean = false>(
    message: string,
    options: Options,
    settings?: ChooseOptions<Multiple>
  ) => Effect.Effect<Chosen<Options, Multiple>, FormFailure>
  /** Asks for one line of text. */
  readonly text: (message: string, options?: TextOptions) => Effect.Effect<string, FormFailure>
  /** Asks for one number. */
  readonly number: (message: string, options?: NumberOptions) => Effect.Effect<number, FormFailure>
  /**
   * Asks the user to visit an absolute https URL (http on localhost), for what must not pass through the client: secrets,
   * payments, authorization elsewhere. Succeeds when the user agrees to go there, not when they are done. Whoever opens
   * the URL has to be identified there, because it can be handed on (MCP client/elicitation, "Phishing").
   */
  readonly url: (message: string, url: string, options?: UrlOptions) => Effect.Effect<UrlVisit, UrlFailure>
  /**
   * Ends the request because URLs have to be visited first, so that the client repeats it afterwards. On 2026-07-28, where
   * errors cannot say so, the user is asked for all of them in one round instead, and this succeeds when they agreed to
   * each: check then whether what happens there has happened.
   */
  readonly urlRequired: (urls: ReadonlyArray<UrlToVisit>) => Effect.Effect<void, UrlElicitationRequired | UrlFailure>
}

/**
 * Asks the user of the client during a call (MCP client/elicitation): in tools, resources, prompts and the middleware
 * inside of them. Where the client cannot be asked, `ClientUnsupported` is a failure to catch and do without.
 */
export class Elicitation extends Context.Service<Elicitation, ElicitationShape>()("mcpipe/Elicitation") {
  declare readonly "~mcpipe/supplied": "request"

  /** Asks the user to fill in a form; see `ElicitationShape.form`. */
  static form<const Fields extends FormInput>(
    message: string,
    fields: Fields,
    options?: QuestionOptions
  ): Effect.Effect<InferOut<Fields>, FormFailure, Elicitation> {
    return Elicitation.use((service) => service.form(message, fields, options))
  }

  /** Asks for a yes or no; see `ElicitationShape.confirm`. */
  static confirm(message: string, options?: QuestionOptions): Effect.Effect<boolean, ConfirmFailure, Elicitation> {
    return Elicitation.use((service) => service.confirm(message, options))
  }

  /** Asks to choose one of the options, or several; see `ElicitationShape.choose`. */
  static choose<const Options extends ReadonlyArray<Choice>, const Multiple extends boolean = false>(
    message: string,
    options: Options,
    settings?: ChooseOptions<Multiple>
  ): Effect.Effect<Chosen<Options, Multiple>, FormFailure, Elicitation> {
    return Elicitation.use((service) => service.choose(message, options, settings))
  }

  /** Asks for one line of text; see `ElicitationShape.text`. */
  static text(message: string, options?: TextOptions): Effect.Effect<string, FormFailure, Elicitation> {
    return Elicitation.use((service) => service.text(message, options))
  }

  /** Asks for one number; see `ElicitationShape.number`. */
  static number(message: string, options?: NumberOptions): Effect.Effect<number, FormFailure, Elicitation> {
    return Elicitation.use((service) => service.number(message, options))
  }

  /** Asks the user to visit a URL; see `ElicitationShape.url`. */
  static url(message: string, url: string, options?: UrlOptions): Effect.Effect<UrlVisit, UrlFailure, Elicitation> {
    return Elicitation.use((service) => service.url(message, url, options))
  }

  /** Ends the request until URLs have been visited; see `ElicitationShape.urlRequired`. */
  static urlRequired(
    urls: ReadonlyArray<UrlToVisit>
  ): Effect.Effect<void, UrlElicitationRequired | UrlFailure, Elicitation> {
    return Elicitation.use((service) => service.urlRequired(urls))
  }

  /** Answers questions by a script, for testing a handler without a server; answers are read and refused as usual. */
  static layerTest(answers: ElicitScript, options: ElicitScriptOptions = {}): Layer.Layer<Elicitation> {
    return Layer.sync(Elicitation, () => {
      const asks = scripted(answers, options)
      return shape((_what, ask) => Effect.suspend(() => ask(asks)))
    })
  }

  /** What the runtime supplies: finds its request through the running fiber. */
  static readonly live: ElicitationShape = shape((what, ask) =>
    Effect.withFiber((fiber) => ask(requireAsks(fiber, `Elicitation.${what}`)))
  )
}

type Reach = <A, E>(what: keyof ElicitationShape, ask: (asks: Asks) => Effect.Effect<A, E>) => Effect.Effect<A, E>

function shape(reach: Reach): ElicitationShape {
  return {
    form: (message, fields, options = {}) =>
      reach("form", (asks) =>
        askForm(
          asks,
          message,
          toForm(fields, () => `Elicitation.form(${quoted(message)})`),
          options
        )
      ),
    confirm: (message, options = {}) =>
      reach("confirm", (asks) =>
        Effect.catchTag(askForm(asks, message, confirmForm, options), "ElicitationDeclined", () =>
          Effect.succeed(false)
        )
      ),
    choose: (message, options, settings = {}) =>
      reach("choose", (asks) =>
        askForm(asks, message, choiceForm(options, settings.multiple === true, settings), settings)
      ),
    text: (message, options = {}) =>
      reach("text", (asks) => Effect.map(askForm(asks, message, textForm(options), options), ({ value }) => value)),
    number: (message, options = {}) =>
      reach("number", (asks) => Effect.map(askForm(asks, message, numberForm(options), options), ({ value }) => value)),
    url: (message, url, options = {}) => reach("url", (asks) => askUrl(asks, { ...options, message, url })),
    urlRequired: (urls) => reach("urlRequired", (asks) => requireUrls(asks, urls))
  }
}
