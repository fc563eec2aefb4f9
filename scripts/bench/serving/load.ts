import autocannon from "autocannon";

/** What load measured. */
export interface Load {
  perSecond: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  answered: number;
  /** Requests that were answered with an error, or not at all. */
  failed: number;
}

export interface LoadJob {
  url: string;
  path: string;
  body: string | Buffer;
  headers?: Readonly<Record<string, string>>;
  connections: number;
  seconds: number;
  /** Instead of the seconds. */
  requests?: number;
}

/** Sends the same request over so many connections, each as soon as it has its answer, from this process. */
export async function load({ url, path, body, headers, connections, seconds, requests }: LoadJob): Promise<Load> {
  const result = await autocannon({
    url: `${url}${path}`,
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
    connections,
    ...(requests === undefined ? { duration: seconds } : { amount: requests }),
    timeout: 30,
  });
  return {
    perSecond: result["2xx"] / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
    answered: result["2xx"],
    failed: result.non2xx + result.errors + result.timeouts,
  };
}
