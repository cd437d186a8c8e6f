import { Label, ProgressBar } from "react-aria-components";
import { Collect } from "./panels/Collect";
import { Machine } from "./panels/Machine";
import { Report } from "./panels/Report";
import { TopBar } from "./panels/TopBar";
import { Train } from "./panels/Train";
import { Try } from "./panels/Try";
import { useStore } from "./state/store";

export function App() {
  const ready = useStore((s) => s.learner !== null);
  return (
    <>
      <header className="title">
        <h1>Headstart</h1>
        <p>Teach this page to tell your pictures apart. They stay on this machine.</p>
      </header>
      {ready ? (
        <>
          <TopBar />
          <main>
            <Collect />
            <div className="side">
              <Train />
              <Try />
            </div>
            <Report />
            <Machine />
          </main>
        </>
      ) : (
        <Loading />
      )}
    </>
  );
}

function Loading() {
  const { loading, failure } = useStore();
  const { done, total } = loading;
  return (
    <main className="loading">
      {failure ? (
        <p role="alert">Headstart cannot start: {failure}</p>
      ) : (
        <ProgressBar value={done} maxValue={total || 1} className="progress">
          {({ percentage }) => (
            <>
              <Label>Loading the backbone, a network that has seen a million photographs</Label>
              <span className="soft">{(done / 1e6).toFixed(1)} MB</span>
              <span className="track">
                <span className="fill" style={{ inlineSize: `${percentage ?? 0}%` }} />
              </span>
            </>
          )}
        </ProgressBar>
      )}
    </main>
  );
}
