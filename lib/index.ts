/** The front door of mcpipe: everything a server author needs, and the Effect modules they meet on the way. */

export * as Context from "effect/Context"
export * as Data from "effect/Data"
export * as Effect from "effect/Effect"
export * as Layer from "effect/Layer"
export * as Scope from "effect/Scope"

export { type Annotation, annotation } from "./builder/annotation.ts"
export type { Complete, Suggestions } from "./builder/complete.ts"
export type { CommonOptions, Component, ComponentKind, Icon } from "./builder/component.ts"
export { Content } from "./builder/content.ts"
export {
  DefinitionError,
  PublicError,
  type PublicErrorOptions,
  ResourceNotFound,
  ToolError,
  TryAgainLater,
  type TryAgainLaterOptions
} from "./builder/errors.ts"
export { type Extension, type ExtensionOptions, extension, method } from "./builder/extension.ts"
export type { FormField, TitledChoice } from "./builder/form-fields.ts"
export type { FormInput, FormValue, RequestedSchema } from "./builder/form.ts"
export type {
  CallHookContext,
  ContextFor,
  Handled,
  HandlerContext,
  HookContext,
  StepOptions,
  StepShorthand
} from "./builder/handler.ts"
export type { ListedPrompt, ListedResource, ListedTemplate, ListedTool } from "./builder/listing.ts"
export {
  type AnyCall,
  type Completion,
  type ClientNotification,
  type Hooks,
  type MessageHook,
  type NotificationHook,
  type ListCall,
  type Middleware,
  middleware,
  type Outcome,
  type PromptGet,
  provides,
  type ReadResult,
  type RequestInfo,
  type ResourceRead,
  type ToolCall
} from "./builder/middleware.ts"
export { Prompt, Resource, Server, type Tool } from "./builder/namespaces.ts"
export type {
  Choice,
  ChoiceValue,
  ChooseOptions,
  Chosen,
  ElicitShorthand,
  FieldOptions,
  NumberOptions,
  QuestionOptions,
  TextOptions,
  UrlOptions
} from "./builder/questions.ts"
export { type PromptOptions, prompt } from "./builder/prompt.ts"
export { type CacheHint, type ResourceOptions, resource } from "./builder/resource.ts"
export type {
  ModelPreferences,
  SampleShorthand,
  SamplingAnswer,
  SamplingContent,
  SamplingMessage,
  SamplingMessageInput,
  SamplingMessageRequest,
  SamplingObjectOptions,
  SamplingOptions,
  SamplingPart,
  SamplingPrompt,
  SamplingReply,
  SamplingRequest,
  SamplingRun,
  SamplingRunOptions,
  SamplingRunRequest,
  SamplingTool,
  SamplingToolOptions,
  ToolChoice,
  ToolUse,
  ToolUseResult
} from "./builder/sampling-types.ts"
export type { ResourceRef } from "./builder/resource-ref.ts"
export { type Decoded, type Issue, type JsonSchemaDocument, jsonSchema, type Schema } from "./builder/schema.ts"
export { lifespan } from "./builder/lifespan.ts"
export type { ByLayer, ByOuter } from "./builder/server-types.ts"
export { type Source, type SourceOptions, source } from "./builder/source.ts"
export { type ServerOptions, server } from "./builder/server.ts"
export type { Collisions, MountOptions } from "./builder/mount.ts"
export type { Named, Selection } from "./builder/selection.ts"
export { type Inner, type Transform, transform } from "./builder/transform.ts"
export { use } from "./builder/use.ts"
export { type Caller, hidden, visibleTo } from "./builder/visibility.ts"
export {
  NotSwitchable,
  Visibility,
  type VisibilityRule,
  type VisibilityShape,
  type Which
} from "./services/visibility.ts"
export type { Timeout, TimeoutOptions } from "./builder/timeout.ts"
export { type ToolAnnotations, type ToolOptions, tool } from "./builder/tool.ts"
export { result, type ToolResult } from "./builder/tool-result.ts"
export type { App, AssembleOptions } from "./runtime/app.ts"
export { describe } from "./runtime/describe.ts"
export type { HttpHead, SessionLimits } from "./protocol/exchange.ts"
export { AssemblyError } from "./runtime/assembly-error.ts"
export { LifespanError } from "./runtime/lifespan.ts"
export type { PingOptions } from "./runtime/ping-settings.ts"
export {
  AskRefused,
  AskTimedOut,
  ClientUnsupported,
  ElicitationCancelled,
  ElicitationDeclined,
  InvalidAnswer
} from "./services/ask-errors.ts"
export { ChangeRelay, type ChangeRelayShape } from "./services/change-relay.ts"
export { type Change, Changes, type ChangesShape } from "./services/changes.ts"
export { ClientLog, type ClientLogShape, type LogLevel, type LogMessage } from "./services/client-log.ts"
export { Durable, type DurableShape } from "./services/durable.ts"
export { type ConfirmFailure, Elicitation, type ElicitationShape } from "./services/elicitation.ts"
export {
  accept,
  cancel,
  decline,
  type ElicitAnswer,
  type ElicitRequest
} from "./services/elicitation-answers.ts"
export type { FormFailure } from "./services/elicitation-ask.ts"
export type { ElicitScript, ElicitScriptOptions } from "./services/elicitation-script.ts"
export {
  type RequiredUrl,
  UrlElicitationRequired,
  type UrlFailure,
  type UrlToVisit,
  type UrlVisit
} from "./services/elicitation-url.ts"
export { EventStore, type EventStoreShape, type MemoryEventsOptions, type StoredEvent } from "./services/event-store.ts"
export {
  JournalStore,
  JournalStoreError,
  type JournalStoreShape,
  type MemoryJournalOptions
} from "./services/journal-store.ts"
export { type Root, Roots } from "./services/roots.ts"
export { Sampling, type SamplingShape } from "./services/sampling.ts"
export {
  type MemoryLimitsOptions,
  type RateLimit,
  RateLimitStore,
  RateLimitStoreError,
  type RateLimitStoreShape
} from "./services/rate-limit-store.ts"
export { ModelFailed, type SamplingError, TooManyTurns } from "./services/sampling-errors.ts"
export type { SamplingModel, SamplingModelOptions, SamplingModelShape } from "./services/sampling-model.ts"
export { Principal, type PrincipalShape } from "./services/principal.ts"
export { Progress, type ProgressReport, type ProgressShape } from "./services/progress.ts"
export { type HttpInfo, RequestContext, type RequestContextShape } from "./services/request-context.ts"
export { Session, type SessionOptions, type SessionShape } from "./services/session.ts"
export { NoSession, StateTooLarge, UnknownSession } from "./services/session-errors.ts"
export type { OpenSession, SessionRef } from "./services/session-ref.ts"
export type { BoundState, State, StateOptions } from "./services/session-state.ts"
export {
  type MemorySessionsOptions,
  type SessionChange,
  type SessionRelay,
  SessionStore,
  type SessionStoreShape,
  type StoredSession
} from "./services/session-store.ts"
export { type MemoryStoreOptions, StateStore, type StateStoreShape, type StoredText } from "./services/state-store.ts"
export {
  assemble,
  assembleScoped,
  type Servable,
  serve,
  serveScoped,
  toFetchHandler,
  toFetchHandlerScoped
} from "./transports/front-door.ts"
export { type Authenticate, type RefuseOptions, refuse } from "./transports/http/authenticate.ts"
export type { FetchHandler, FetchOptions } from "./transports/http/fetch.ts"
export type { LegacySseOptions } from "./transports/http/legacy-sse-settings.ts"
export type { HttpOptions } from "./transports/http/node.ts"
export {
  type Route,
  type RouteContext,
  type RouteContextFor,
  type RouteMethod,
  type RouteOptions,
  route
} from "./transports/http/routes.ts"
export type { MessageTransport } from "./transports/memory.ts"
export type { ServeOptions, Serving } from "./transports/serve.ts"
export type { StdioOptions } from "./transports/stdio.ts"
export { ServeError } from "./transports/serve-error.ts"
