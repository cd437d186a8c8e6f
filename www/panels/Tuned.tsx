import type { TrainResult, TuneGuard } from "headstart";
import { Between } from "../parts/Between";
import { Outcome } from "../parts/Outcome";
import { PlainTable } from "../parts/PlainTable";
import { figure } from "../state/labels";
import { type State, useRunning, useStore } from "../state/store";
import { nouns } from "../state/task";
import { byPart, useTuning } from "../state/tuning";
import { percent, points, range } from "../state/words";
import { ByClass, ByClassToCome } from "./ByClass";
import { TuningCurve } from "./TuningCurve";

/** A fine-tuning while it goes on, and what became of it. What comes has its room from the beginning, so that nothing jumps. */
export function Tuned() {
  const tuning = useRunning("tune");
  const curve = useTuning((s) => s.curve);
  const outcome = useTuning((s) => s.outcome);
  const kind = useStore((s) => s.kind);
  if (!tuning && !outcome) return null;
  const rows = outcome?.guard?.perClass ?? [];
  return (
    <>
      <div className="decision">{outcome ? <Became result={outcome} kind={kind} /> : <Underway />}</div>
      <div className="figures">
        <TuningCurve points={curve} />
        {rows.length > 0 ? <ByClass rows={rows} /> : kind === "classes" && !outcome && <ByClassToCome />}
      </div>
    </>
  );
}

function Underway() {
  const curve = useTuning((s) => s.curve);
  const blind = useTuning((s) => s.blind);
  const parts = byPart(curve.filter((p) => p.guard !== undefined));
  return (
    <div className="outcome waiting">
      <p className="became">
        <span aria-hidden="true">…</span> Not decided yet
      </p>
      {parts.length === 0 && (
        <p>
          {blind ? `The training sees no labels. Heads on what it makes, each fitted without a part of your labelled ${nouns}, will say whether those are better off.` : `The guard holds a part of your ${nouns} out of each training, and will say whether they are better off.`} Until
          then the model is the one from before.
        </p>
      )}
      {parts.length > 0 && (
        <ul>
          {parts.map(([part, seen]) => (
            <li key={part}>
              {part}: held-out loss {seen[0]!.guard!.toFixed(3)} at first, {seen.at(-1)!.guard!.toFixed(3)} now
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Became({ result: { kept, reason, guard, chosen }, kind }: { result: TrainResult; kind: State["kind"] }) {
  const changed = Object.keys(chosen).length > 0;
  return (
    <Outcome kept={kept} called={kept ? "Kept" : guard ? "Rolled back" : "Stopped"}>
      <p>{reason}</p>
      <p className="soft">
        {kept
          ? `Try, the report, the check of your ${nouns}, the map and “none of these” follow the tuned backbone now.`
          : changed
            ? `Everything on this page goes on with the backbone as it was published.`
            : "The model is the one from before."}
      </p>
      {guard && <Figures guard={guard} kind={kind} />}
    </Outcome>
  );
}

function Figures({ guard: { frozen, tuned, gain }, kind }: { guard: TuneGuard; kind: State["kind"] }) {
  const numbers = kind === "numbers";
  const value = numbers ? figure : percent;
  const between = ({ low, high }: { low: number; high: number }) => (numbers ? `${figure(low)} to ${figure(high)}` : range({ low, high }));
  const by = numbers ? figure : points;
  return (
    <PlainTable
      name="Before and after, on held-out samples"
      heads={["Backbone", numbers ? "Off by, in the mean" : "Right", "95 % interval"]}
      rows={[
        ["frozen, before", value(frozen.value), <Between key="interval">{between(frozen)}</Between>],
        ["tuned, after", value(tuned.value), <Between key="interval">{between(tuned)}</Between>],
        ["gain", `${by(gain.value)}${numbers ? "" : " points"}`, <Between key="interval">{`${by(gain.low)} to ${by(gain.high)}`}</Between>],
      ]}
    />
  );
}
