// Counts requests where it runs: in the page, or in a worker.

/** Requests of one context so far: to the page's own server, to others, and those the policy refused. */
export interface Requests {
  context: string;
  own: number;
  away: number;
  refused: number;
  /** That came over the network: what the browser had kept from an earlier visit counts as none. */
  bytes: number;
}

export function observe(report: (requests: Requests) => void): void {
  const requests: Requests = { context: Math.random().toString(36).slice(2), own: 0, away: 0, refused: 0, bytes: 0 };
  new PerformanceObserver((list) => {
    for (const { name, transferSize } of list.getEntries() as PerformanceResourceTiming[]) {
      // Blobs and data are addresses within the page.
      if (!/^https?:/.test(name)) continue;
      if (new URL(name).origin === location.origin) requests.own++;
      else requests.away++;
      requests.bytes += transferSize;
    }
    report(requests);
  }).observe({ type: "resource", buffered: true });
  addEventListener("securitypolicyviolation", (event) => {
    const { disposition, blockedURI } = event as SecurityPolicyViolationEvent;
    if (disposition !== "enforce" || !/^https?:/.test(blockedURI)) return;
    requests.refused++;
    report(requests);
  });
}
