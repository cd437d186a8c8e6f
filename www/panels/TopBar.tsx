import { figure } from "../state/labels";
import { isStale, total, useRunning, useStore } from "../state/store";
import { useTuning } from "../state/tuning";
import { percent } from "../state/words";
import { useRequests } from "../trust/requests";
import { Projects } from "./Projects";
import { Unsaved } from "./Unsaved";

/** The places of the page with the state of each, what happened last, and the promise that is kept. */
export function TopBar() {
  const samples = useStore(total);
  const result = useStore((s) => s.result);
  const report = useStore((s) => s.report);
  const status = useStore((s) => s.status);
  const stale = useStore(isStale);
  const training = useRunning("train");
  const tuning = useRunning("tune");
  const tuned = useTuning((s) => s.tuned);
  const adapted = useStore((s) => s.adapted);
  const away = useRequests((s) => s.away);
  const places: [string, string, string][] = [
    ["collect", "Collect", samples > 0 ? String(samples) : ""],
    ["train", "Train", training ? "…" : result ? (stale ? "again" : "✓") : ""],
    ["try", "Try", ""],
    ["report", "Report", report ? `${report.kind === "numbers" ? `± ${figure(report.mae.value)}` : percent(report.accuracy.value)}${stale ? ", before changes" : ""}` : ""],
    ["doctor", "Check", ""],
    ["verdict", "Backbone", ""],
    ["further", "Go further", tuning ? "…" : tuned ? "tuned" : adapted ? "adapted" : ""],
    ["export", "Use elsewhere", ""],
    ["map", "Map", ""],
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
      <div className="where">
        <Projects />
        <section className="left-page" aria-label="Privacy" title="Counted from the browser’s own list of requests, workers included">
          Requests that left this page: <strong>{away}</strong>
        </section>
      </div>
      <p id="status" role="status" aria-live="polite">
        {status}
      </p>
      <Unsaved />
    </div>
  );
}
