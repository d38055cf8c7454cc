/** A stand-in for a weather service: what a real server would fetch. */

export interface City {
  readonly name: string
  readonly country: string
  /** Degrees Celsius of the next seven days. */
  readonly celsius: ReadonlyArray<number>
}

const cities: ReadonlyArray<City> = [
  { name: "Lisbon", country: "Portugal", celsius: [24, 25, 25, 23, 22, 24, 26] },
  { name: "London", country: "United Kingdom", celsius: [14, 13, 15, 15, 12, 11, 14] },
  { name: "Oslo", country: "Norway", celsius: [6, 4, 5, 7, 8, 6, 3] }
]

export const names: ReadonlyArray<string> = cities.map((city) => city.name)

export const findCity = async (name: string): Promise<City | undefined> =>
  cities.find((city) => city.name.toLowerCase() === name.toLowerCase())
