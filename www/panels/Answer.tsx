import type { Prediction } from "headstart";
import { Label, Meter } from "react-aria-components";
import { Thumb } from "../parts/Thumb";
import { useObjectUrl } from "../parts/useObjectUrl";
import { useExplained } from "../parts/useExplained";
import { fileOf } from "../state/contents";
import { called, explainedAs, isOfNumbers } from "../state/predictions";
import { figure } from "../state/labels";
import { useStore } from "../state/store";
import { Heat } from "./Heat";
import { Why } from "./Why";

/** Scores shown. */
const SHOWN = 5;

/** What one picture is taken for, how surely, and which training pictures are like it. */
export function Answer({ name, file, prediction }: { name: string; file: Blob; prediction: Prediction }) {
  const url = useObjectUrl(file);
  const explained = useExplained(file, prediction);
  const { explanation } = explained;
  return (
    <div className="answer">
      {url && (
        <div className="shown">
          <img src={url} alt={`The picture ${name}`} />
          {explanation?.heatmap && <Heat heatmap={explanation.heatmap} said={isOfNumbers(prediction) ? "What made the number larger" : `What spoke for ${explainedAs(prediction, explanation)}`} />}
        </div>
      )}
      <Scores prediction={prediction} />
      <Why explained={explained} answer={prediction} />
      {!explanation && <Nearest ids={prediction.nearest} />}
    </div>
  );
}

export function Scores({ prediction }: { prediction: Prediction }) {
  const negative = useStore((s) => s.learnt?.negative);
  const scores = Object.entries(prediction.scores).sort((a, b) => b[1] - a[1]);
  return (
    <div className="scores">
      <p className="headline">
        <strong>{called(prediction)}</strong>
      </p>
      {prediction.label === null && <p className="note">{scores[0]?.[0] === negative ? `It looks like ${negative}, which stands for none of these.` : strange(prediction)}</p>}
      {typeof prediction.label === "number" && <p className="note">{between(prediction)}</p>}
      {Array.isArray(prediction.label) && <p className="note">Each label by itself: those of 50 % and more are said.</p>}
      {scores.slice(0, SHOWN).map(([label, score]) => (
        <Meter key={label} value={Number(score.toFixed(6))} maxValue={1} formatOptions={{ style: "percent", maximumFractionDigits: 1 }}>
          {({ valueText }) => (
            <>
              <Label>{label}</Label>
              <span className="value">{valueText}</span>
              <span className="track">
                <span className="fill" style={{ inlineSize: `${100 * score}%` }} />
              </span>
            </>
          )}
        </Meter>
      ))}
    </div>
  );
}

function between({ interval }: Prediction): string {
  if (!interval) return "Too few samples were held out to say how far off it may be.";
  return `Between ${figure(interval.low)} and ${figure(interval.high)}: such a range held the truth of 95 % of held-out samples.`;
}

function strange(prediction: Prediction): string {
  return `It is stranger than what the model learnt from: strangeness ${prediction.novelty.toFixed(2)}, where 0 is just like ${isOfNumbers(prediction) ? "the others" : "a class"} and 2 as unlike as can be.`;
}

function Nearest({ ids }: { ids: readonly string[] }) {
  const here = ids.filter((id) => fileOf(id));
  if (here.length === 0) return null;
  return (
    <div className="nearest">
      <p className="note">Most like it among the training pictures:</p>
      <div className="row">
        {here.map((id) => (
          <Thumb key={id} id={id} alt="A training picture like this one" />
        ))}
      </div>
    </div>
  );
}
