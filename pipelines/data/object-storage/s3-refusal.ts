import { type HttpAnswer, ServerError } from "./send-request.ts";
import { parseXml, textOf } from "./xml.ts";

/** How to mend what S3 refuses, by its code: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const cures: Readonly<Record<string, string>> = {
  AccessDenied:
    "the credentials lack a right: reading needs s3:GetObject and s3:ListBucket, a store s3:PutObject and s3:DeleteObject too",
  InvalidAccessKeyId: "it does not know AWS_ACCESS_KEY_ID",
  SignatureDoesNotMatch: "AWS_SECRET_ACCESS_KEY is not that of AWS_ACCESS_KEY_ID",
  ExpiredToken: "the credentials have expired: get new ones and run it again",
  InvalidToken: "AWS_SESSION_TOKEN is not that of these credentials",
  RequestTimeTooSkewed: "this machine's clock is wrong",
  NoSuchBucket: "there is no such bucket",
  QuotaExceeded: "the bucket is full",
  XMinioStorageFull: "the server's disk is full",
  InsufficientCapacity: "the server is full",
};

interface Asked {
  title: string;
  signedIn: boolean;
  tried: string;
}

/** What an answer that is no success says, as an error. */
export function s3Refusal({ status, headers, body }: HttpAnswer, { title, signedIn, tried }: Asked): ServerError {
  const xml = parseXml(body.toString("utf8"));
  const [code, message] = ["Code", "Message"].map((name) => textOf(xml, "Error", name));
  const word = typeof code === "string" ? code : null;
  const region = headers.get("x-amz-bucket-region");
  const cure = cureOf(status, word, region, signedIn);
  const said = [word, typeof message === "string" ? message.slice(0, 200) : null].filter(Boolean).join(": ");
  const text = `${title} refused it (HTTP ${status}${said ? `, ${said}` : ""})${cure ? `: ${cure}` : ""}`;
  return new ServerError(text, tried, { status, code: word });
}

function cureOf(status: number, code: string | null, region: string | null, signedIn: boolean): string | null {
  if (region !== null && (status === 301 || code === "AuthorizationHeaderMalformed" || code === "PermanentRedirect"))
    return `the bucket is in the region ${region}`;
  if (!signedIn && (status === 401 || status === 403))
    return "there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_ROLE_ARN in a job with id-token: write";
  if (code !== null && Object.hasOwn(cures, code)) return cures[code]!;
  return status === 403 ? "the credentials lack a right, or are not the server's" : null;
}
