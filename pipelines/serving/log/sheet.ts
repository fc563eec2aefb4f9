import { join } from "node:path";
import { logDay } from "../../predictions/log-layout.ts";
import type { AnsweredRequest, ServedModel } from "../served-model.ts";
import { type LogBlock, openLogBlock, openSheetTexts } from "./log-block.ts";
import {
  bytesOf,
  type LoggedRows,
  type LogSettings,
  type Redaction,
  redactionOf,
  sampledRows,
} from "./log-settings.ts";

/** What is logged of one loaded version, and how. */
export interface LoggedVersion {
  settings: LogSettings;
  redaction: Redaction;
}

export function loggedVersion({ record }: ServedModel, settings: LogSettings): LoggedVersion {
  return { settings, redaction: redactionOf(record.candidate, settings) };
}

/** Rows of one version and day on their way into one file. */
export interface Sheet {
  /** Of the table that the writer gathers them in, and of the file. */
  id: number;
  model: ServedModel;
  version: LoggedVersion;
  day: string;
  /** When its first row came, in milliseconds of a steady clock. */
  since: number;
  /** Rows that are not handed to the writer yet. */
  waiting: LogBlock;
  rows: number;
  bytes: number;
  handedOver: boolean;
  /** How often it could not be written, and when it is tried again. */
  failures: number;
  retryAt: number;
}

const dayMs = 86_400_000;

/** Rows with the same go into one file: those of a day in UTC. The record tells two loads of a version apart. */
export function sheetKey({ model, time }: AnsweredRequest): string {
  return `${model.record.digest} ${Math.floor(time / dayMs)}`;
}

export function newSheet(id: number, { model, time }: AnsweredRequest, version: LoggedVersion, now: number): Sheet {
  return {
    ...{ id, model, version, day: logDay(new Date(time)), since: now },
    waiting: openLogBlock(model.record.candidate, version.redaction, openSheetTexts()),
    ...{ rows: 0, bytes: 0, handedOver: false, failures: 0, retryAt: 0 },
  };
}

/** What of a request is to be logged, and about how much memory it takes; null when nothing is. */
export function rowsToLog(
  request: AnsweredRequest,
  { settings }: LoggedVersion,
): { entry: LoggedRows; bytes: number } | null {
  const taken = sampledRows(request, settings);
  const rows = taken?.length ?? request.batch.rows;
  return rows === 0 ? null : { entry: { request, taken, rows }, bytes: bytesOf(request, rows) };
}

/** `<root>/rent/2001-06-15/serve-1a2b3c4d-7.parquet` */
export function sheetPath(root: string, writer: string, { model, day, id }: Sheet): string {
  return join(root, model.name, day, `${writer}-${id}.parquet`);
}
