import { ChangeRelay } from "../../lib/services/change-relay.ts"
import { changeRelayContract } from "../contract/change-relay.ts"

changeRelayContract("ChangeRelay.layerMemory", () => ({
  layer: ChangeRelay.layerMemory(),
  other: ChangeRelay.layerMemory()
}))
