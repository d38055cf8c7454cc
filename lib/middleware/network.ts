/**
 * What one client of the internet is known by: its IPv4 address, or the 64 bits of its IPv6 address that name its network
 * (RFC 4291 §2.5.4), since it can have any address within. Anything else is left as it is.
 */
export const networkOf = (address: string): string => {
  if (!address.includes(":")) return address
  const plain = address.replace(/^\[|\](:\d+)?$|%.*$/g, "").toLowerCase()
  const mapped = /^(?:0{0,4}:){1,6}ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain)
  if (mapped !== null) return mapped[1]!
  const [head = "", tail, ...more] = plain.split("::")
  const before = head === "" ? [] : head.split(":")
  const after = tail === undefined || tail === "" ? [] : tail.split(":")
  const missing = 8 - before.length - after.length
  if (more.length > 0 || (tail === undefined ? missing !== 0 : missing < 0)) return address
  const groups = [...before, ...Array<string>(missing).fill("0"), ...after]
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/.test(group))) return address
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":")}::/64`
}
