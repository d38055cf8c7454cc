/** What stands for a secret unless the options say otherwise. */
export const mask = "[redacted]"

/** Stands for a member that is left out. */
export const removed: unique symbol = Symbol("removed")
