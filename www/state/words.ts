// Numbers in words, the same everywhere on the page.
export function percent(fraction: number): string {
  // One word: a line does not end before the sign.
  return `${(100 * fraction).toFixed(1)}\u00a0%`;
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}

export function megabytes(bytes: number): string {
  return bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** What is left of a job, from the pace so far. */
export function left({ done, total, since }: { done: number; total: number; since: number }): string {
  if (done === 0) return "";
  const seconds = Math.ceil(((performance.now() - since) / 1000 / done) * (total - done));
  return seconds < 90 ? `about ${seconds} s left` : `about ${Math.round(seconds / 60)} min left`;
}

export function range({ low, high }: { low: number; high: number }): string {
  return `${percent(low)} to ${percent(high)}`;
}

export function list(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** A stretch of time that was estimated: two figures, seldom more. */
export function duration(seconds: number): string {
  if (seconds < 1) return "less than a second";
  if (seconds < 90) return `about ${count(seconds < 20 ? Math.round(seconds) : 5 * Math.round(seconds / 5), "second")}`;
  if (seconds < 90 * 60) return `about ${count(Math.round(seconds / 60), "minute")}`;
  return `about ${count(Math.round(seconds / 3600), "hour")}`;
}

/** A difference of two shares. */
export function points(fraction: number): string {
  const rounded = Number((100 * fraction).toFixed(1));
  // A minus as long as the plus.
  return `${rounded > 0 ? "+" : rounded < 0 ? "−" : ""}${Math.abs(rounded).toFixed(1)}`;
}
