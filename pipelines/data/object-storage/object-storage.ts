import type { Answer } from "./answer.ts";

/** What a listing or a look at one object tells. */
export interface ObjectFacts {
  key: string;
  bytes: number;
  /** Changes with the content; as the server writes it, without quotes. */
  etag: string;
  modified: Date;
}

/** Part of an object, in bytes. */
export interface ByteRange {
  start: number;
  length: number;
}

/** An object that arrives in parts: nothing of it is visible before `finish`. */
export interface PartedUpload {
  /** Number of the part, from 1; parts may come in any order and at once, and the same one again. */
  put(number: number, bytes: Uint8Array): Promise<void>;
  finish(): Promise<void>;
  /** Takes back what was sent. */
  abandon(): Promise<void>;
}

/** An upload that nobody finished. */
export interface Leftover {
  key: string;
  started: Date;
  remove(): Promise<void>;
}

/**
 * A container of objects on a server: a bucket, or a container of an Azure account. Requests are sent again while their failure
 * passes; then, and for a refusal, they throw EnvironmentError without a secret in its text.
 */
export interface ObjectStorage {
  /** Which it is, for messages: `the bucket acme-lake at s3.eu-central-1.amazonaws.com`. */
  readonly title: string;
  /** Whether requests are signed for somebody, so that a refusal is about rights. */
  readonly signedIn: boolean;
  /** The server's clock, as its last answer told it; ours before. */
  now(): Date;
  /** Objects whose key begins so, by key. */
  list(prefix: string): AsyncIterable<ObjectFacts>;
  /** null when there is no such object. */
  head(key: string): Promise<ObjectFacts | null>;
  /** The content, or a part of it; null when there is no such object, or its ETag is another one than was asked for. */
  get(key: string, options?: { range?: ByteRange; etag?: string }): Promise<Uint8Array | null>;
  /**
   * The content from a byte on, not read yet; null when there is no such object, or its ETag is another one. Sent once: throws
   * FinalError for a refusal, anything else for what may pass.
   */
  open(key: string, options: { start: number; bytes: number; etag?: string }): Promise<Answer | null>;
  /** Whole or not at all. With `ifAbsent` false is returned, and nothing written, when there is such an object. */
  put(key: string, bytes: Uint8Array, options?: { ifAbsent?: boolean }): Promise<boolean>;
  /** A file in one request, sent once; false when it did not arrive, for whatever reason. */
  send(key: string, file: { path: string; bytes: number }): Promise<boolean>;
  startUpload(key: string): Promise<PartedUpload>;
  /** Also when there is no such object. */
  delete(key: string): Promise<void>;
  /** Unfinished uploads below a prefix, where the server does not end them by itself. */
  leftovers(prefix: string): Promise<Leftover[]>;
}
