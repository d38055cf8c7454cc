import { it } from "vitest"
import { rows } from "./http-rows.ts"
it("a", () => { console.log(rows.length) })
