import { type Serving, serve } from "mcpipe"
import fixture from "./fixture.ts"

/** Serves the fixture to the referees, with a key of its own so that nothing is to be warned of. */
export const serveFixture = (): Promise<Serving> =>
  serve(fixture, { http: { port: 0 }, signals: false, requestStateKeys: ["known to this process and nobody else"] })
