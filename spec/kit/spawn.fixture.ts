const [argument = "none"]: ReadonlyArray<string> = process.argv.slice(2)
console.log(`argument: ${argument}`)
