/** A payment service that says on stderr what it charges, and charges once per key, as real ones do. */
import { Context, lifespan } from "mcpipe"

export class PaymentService {
  readonly #receipts = new Map<string, string>()

  /** Gives the number of a receipt; of the one there is, where something was charged under this key before. */
  async charge(key: string, name: string, euros: number): Promise<string> {
    const before = this.#receipts.get(key)
    if (before !== undefined) return before
    const receipt = `R${this.#receipts.size + 1}`
    this.#receipts.set(key, receipt)
    console.error(`payments: charged ${name} ${euros} EUR`)
    return receipt
  }
}

export class Payments extends Context.Service<Payments, PaymentService>()("example/Payments") {}

export const PaymentsLive = lifespan(Payments, () => new PaymentService())
