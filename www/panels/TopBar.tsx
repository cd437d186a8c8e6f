import { useStore } from "../state/store";
import { percent } from "../state/words";
import { useRequests } from "../trust/requests";

/** The places of the page with the state of each, what happened last, and the promise that is kept. */
export function TopBar() {
  const { classes, result, report, status, jobs, stale } = useStore();
  const away = useRequests((s) => s.away);
  const pictures = classes.reduce((n, c) => n + c.pictures.length, 0);
  const places: [string, string, string][] = [
    ["collect", "Collect", pictures > 0 ? String(pictures) : ""],
    ["train", "Train", jobs.train ? "…" : result ? (stale ? "again" : "✓") : ""],
    ["try", "Try", ""],
    ["report", "Report", report ? percent(report.accuracy.value) : ""],
    ["machine", "What runs here", ""],
  ];
  return (
    <div className="topbar">
      <nav aria-label="Places">
        {places.map(([id, name, state]) => (
          <a key={id} href={`#${id}`}>
            {name} {state && <span className="state">{state}</span>}
          </a>
        ))}
      </nav>
      <p className="left-page" title="Counted from the browser’s own list of requests, workers included">
        Requests that left this page: <strong>{away}</strong>
      </p>
      <p id="status" role="status" aria-live="polite">
        {status}
      </p>
    </div>
  );
}
