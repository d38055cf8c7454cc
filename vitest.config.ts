import { defineConfig } from "vitest/config"

const conditions = ["mcpipe-source"]

export default defineConfig(({ mode }) => ({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: mode === "stress" ? ["spec/**/*.stress.ts"] : ["spec/**/*.spec.ts"],
    exclude: ["**/node_modules/**", "spec/types/fixtures/**"],
    passWithNoTests: mode === "stress",
    testTimeout: mode === "stress" ? 30 * 60_000 : 30_000,
    hookTimeout: 60_000,
    pool: "forks",
    // figures are measured one at a time
    maxWorkers: mode === "stress" ? 1 : 2,
    retry: 0,
    // A rejection nobody handles fails the run, even where every assertion passed.
    dangerouslyIgnoreUnhandledErrors: false,
    restoreMocks: true
  }
}))
