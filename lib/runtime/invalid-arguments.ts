import { PublicError } from "../builder/errors.ts"

/** Arguments of a prompt or variables of a resource do not fit their schema; protocol rooms answer it as invalid params. */
export class InvalidArguments extends PublicError {
  override readonly name = "InvalidArguments"
}
