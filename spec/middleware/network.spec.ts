import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { networkOf } from "../../lib/middleware/network.ts"

describe("networkOf", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["0:0:0:0:0:FFFF:192.0.2.1", "192.0.2.1"],
    ["2001:db8:0:1::1", "2001:db8:0:1::/64"],
    ["2001:0DB8:0000:0001:1:2:3:4", "2001:db8:0:1::/64"],
    ["[2001:db8:0:1::1]:443", "2001:db8:0:1::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["1::", "1:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["1:2:3", "1:2:3"],
    ["1::2::3", "1::2::3"],
    ["1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:9"],
    ["host:80", "host:80"],
    ["", ""],
    ["unknown", "unknown"]
  ])("knows %s as %s", (address, network) => {
    expect(networkOf(address)).toBe(network)
  })

  it("is the same for all addresses of a network, however they are written, and throws for none", () => {
    const group = fc.nat(0xffff)
    fc.assert(
      fc.property(fc.tuple(group, group, group, group), fc.tuple(group, group, group, group), (net, host) => {
        const [plain, padded] = [
          [...net, ...host].map((n) => n.toString(16)).join(":"),
          [...net, ...host].map((n) => n.toString(16).padStart(4, "0").toUpperCase()).join(":")
        ]
        expect(networkOf(plain)).toBe(`${net.map((n) => n.toString(16)).join(":")}::/64`)
        expect(networkOf(padded)).toBe(networkOf(plain))
      })
    )
    fc.assert(fc.property(fc.string(), (text) => void networkOf(text)))
  })
})
