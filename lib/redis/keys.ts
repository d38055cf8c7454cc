/** The part of a key by which a cluster chooses its node (Redis Cluster Specification, "Hash tags"): the same for all keys of an id. */
export const hashTag = (id: string): string => `{${id.replace(/[%}]/g, encodeURIComponent) || "%"}}`
