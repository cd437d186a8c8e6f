import { Label, ProgressBar } from "react-aria-components";
import { Collect } from "./panels/Collect";
import { CollectTexts } from "./panels/CollectTexts";
import { Doctor } from "./panels/Doctor";
import { Export } from "./panels/Export";
import { Further } from "./panels/Further";
import { Machine } from "./panels/Machine";
import { Report } from "./panels/Report";
import { Scatter } from "./panels/Scatter";
import { TopBar } from "./panels/TopBar";
import { Train } from "./panels/Train";
import { Try } from "./panels/Try";
import { TryText } from "./panels/TryText";
import { Verdict } from "./panels/Verdict";
import { useStore } from "./state/store";
import { nouns, task } from "./state/task";

export function App() {
  const ready = useStore((s) => s.learner !== null);
  return (
    <>
      <header className="title">
        <h1>Headstart</h1>
        <p>Teach this page to tell your {nouns} apart. They stay on this machine.</p>
        <nav aria-label="What to train on">
          <a href="?" {...(task === "image" ? { "aria-current": "page" } : {})}>
            Pictures
          </a>
          <a href="?task=text" {...(task === "text" ? { "aria-current": "page" } : {})}>
            Texts
          </a>
        </nav>
      </header>
      {ready ? (
        <>
          <TopBar />
          <main>
            {task === "text" ? <CollectTexts /> : <Collect />}
            <div className="side">
              <Train />
              {task === "text" ? <TryText /> : <Try />}
            </div>
            <Report />
            <Doctor />
            <Verdict />
            <Further />
            <Export />
            <Scatter />
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
  const { stage, done, total } = loading;
  const backbone = stage === "backbone" || stage === "warm up";
  return (
    <main className="loading">
      {failure ? (
        <p role="alert">Headstart cannot start: {failure}</p>
      ) : (
        <ProgressBar value={done} maxValue={total || 1} className="progress">
          {({ percentage }) => (
            <>
              <Label>{backbone ? `Loading the backbone, a network that has ${task === "text" ? "read a billion pairs of sentences" : "seen a million photographs"}` : (STAGES[stage] ?? stage)}</Label>
              <span className="soft">{backbone ? `${(done / 1e6).toFixed(1)} MB` : `${done} of ${total}`}</span>
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

const STAGES: Record<string, string> = {
  "open project": "Opening your project",
  "features by another backbone": `The backbone is another one than before: looking at your ${nouns} again`,
};
