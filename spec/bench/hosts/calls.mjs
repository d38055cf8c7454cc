// Hosts one server and calls it in the same process, one call after another: node calls.mjs <messages|fetch> <subject> <era>.
// Over IPC: "check" answers with the text of one answer, a number runs that many milliseconds and answers with what they cost.
const [kind, subject, era] = process.argv.slice(2)
const call = await (await import(`./${kind}.mjs`)).subjects[subject](era)

const run = async (millis) => {
  const cpu = process.cpuUsage()
  const start = process.hrtime.bigint()
  const end = start + BigInt(millis) * 1_000_000n
  let calls = 0
  let now = start
  while (now < end) {
    for (let i = 0; i < 200; i++) {
      const answered = call(++calls)
      // Awaiting what is there already would charge a server that answers at once for a turn it did not take.
      if (answered !== undefined) await answered
    }
    now = process.hrtime.bigint()
  }
  const { user, system } = process.cpuUsage(cpu)
  return { calls, micros: Number(now - start) / 1_000, cpuMicros: user + system }
}

process.on("message", async (order) => process.send(order === "check" ? await call.check() : await run(order)))
process.on("disconnect", () => process.exit())
process.send("ready")
