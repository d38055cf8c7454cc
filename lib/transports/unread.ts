/** Bytes that may wait for a slow reader of one stream. Whoever writes more waits, after the message that went beyond. */
export const maxUnreadBytes = 262_144

/** A client that has more bytes than this to read is asked nothing: its answers would come too late. */
export const maxUnreadAsking = 1_048_576
