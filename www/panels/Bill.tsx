import type { Report } from "headstart";
import { PlainTable } from "../parts/PlainTable";
import { noun, nouns } from "../state/task";
import { count, megabytes } from "../state/words";

const PARTS: Record<string, string> = {
  download: "fetching the backbone",
  encode: noun === "picture" ? "reading files, scaling pictures" : "splitting texts into tokens",
  extract: "the backbone, over all workers",
  train: "training",
  evaluate: "reports like this",
  verdict: "learning from scratch",
  doctor: `checking the ${nouns}`,
};

/** What the model has cost so far. */
export function Bill({ bill: { seconds, labels, bytes } }: { bill: Report["bill"] }) {
  return (
    <div className="bill">
      <h3>What did it cost?</h3>
      <p className="note">
        {count(labels, "label")} by you, {megabytes(bytes)} fetched for the backbone, and since the page was opened this much time:
      </p>
      <PlainTable name="The bill in seconds" inWords heads={["Seconds", "For"]} rows={Object.entries(seconds).map(([part, s]) => [s.toFixed(1), PARTS[part] ?? part])} />
    </div>
  );
}
