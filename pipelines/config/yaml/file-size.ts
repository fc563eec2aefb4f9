/** Bytes a file that people write may have: model.yaml, mergeml.yaml or a query. */
export const MAX_FILE_BYTES = 256 * 1024;
