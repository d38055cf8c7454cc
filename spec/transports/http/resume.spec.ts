import { describe, it } from "vitest"
import { manyResume, resumes } from "./resume.property.ts"

describe("a client whose connection breaks off at any byte, again and again, and that comes back each time", () => {
  it("is told everything once, and nothing that is another stream's", { timeout: 60_000 }, () => resumes(25))

  it("is so if there are 20 of them, each cut 20 times", { timeout: 60_000 }, () => manyResume(20, 20))
})
