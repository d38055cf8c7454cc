import { it } from "vitest"
import { manyResume, resumes } from "./resume.property.ts"

it("500 streams cut 20 times each lose nothing and double nothing", () => manyResume(500, 20))

it("1,000 random sessions of up to five streams lose nothing and double nothing", () => resumes(1_000))
