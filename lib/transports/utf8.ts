const strict = new TextDecoder("utf-8", { fatal: true })

/** Whether bytes are UTF-8; for the rare text in which decoding left a U+FFFD. */
export const isUtf8 = (bytes: Uint8Array): boolean => {
  try {
    strict.decode(bytes)
    return true
  } catch {
    return false
  }
}
