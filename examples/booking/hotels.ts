/** Hotels whose prices rise with every look, so that asking for a price twice would be noticed. */
import { Context, lifespan } from "mcpipe"

export const cities = ["Lisbon", "Oslo"] as const

export type City = (typeof cities)[number]

const cheapest: Readonly<Record<City, number>> = { Lisbon: 120, Oslo: 180 }

export class HotelSearch {
  #looks = 0

  /** In euros. */
  async price(city: City, nights: number): Promise<number> {
    return nights * (cheapest[city] + this.#looks++)
  }
}

export class Hotels extends Context.Service<Hotels, HotelSearch>()("example/Hotels") {}

export const HotelsLive = lifespan(Hotels, () => new HotelSearch())
