/** A piece of a text that was put together from several files. */
export interface SourcePart {
  /** Where it begins in the text, and how long it is there; 0 when only a place stands for it. */
  at: number;
  length: number;
  /** The file that it is from, and where it begins there. */
  file: string;
  text: string;
  index: number;
}

/** A query, and where each piece of its text is from; of the file at its path when that is not said. */
export interface QueryText {
  path: string;
  text: string;
  parts?: readonly SourcePart[];
}
