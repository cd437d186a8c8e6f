import type { Explanation, Prediction } from "headstart";
import type { CSSProperties, ReactNode } from "react";
import { Button } from "react-aria-components";
import { AsTable } from "../parts/AsTable";
import { PlainTable } from "../parts/PlainTable";
import { Thumb } from "../parts/Thumb";
import type { Explained } from "../parts/useExplained";
import { fileOf, textOf } from "../state/contents";
import { shown } from "../state/labels";
import { explainedAs, isOfNumbers } from "../state/predictions";
import { task } from "../state/task";
import { type Heatmap, strongest } from "./Heat";

/** The button, and what came of it in words. */
export function Why({ explained, answer, text }: { explained: Explained; answer: Prediction; text?: string }) {
  const { explanation, busy, ask, hide } = explained;
  const words = explanation && (isOfNumbers(answer) ? OF_NUMBERS : ofName(explanation.label));
  return (
    <div className="why">
      <div className="row">
        <Button className="button quiet small" isPending={busy} onPress={explanation ? hide : ask}>
          {explanation ? "Hide the explanation" : busy ? "Explaining …" : "Explain"}
        </Button>
      </div>
      {explanation && words && (
        <>
          <h3>Why {explainedAs(answer, explanation)}?</h3>
          {answer.label === null && <p className="note">{isOfNumbers(answer) ? "It is unlike what the model learnt from; this is what it would have said." : `It is none of the classes; ${explanation.label} is the one it is most like.`}</p>}
          {explanation.heatmap && <WhereItLooked heatmap={explanation.heatmap} words={words} />}
          {explanation.tokens && text !== undefined && <Words tokens={explanation.tokens} text={text} words={words} />}
          <LikeIt nearest={explanation.nearest} />
        </>
      )}
    </div>
  );
}

/** How it is said that a part spoke for the answer, or against it. */
interface Wording {
  readonly pro: string;
  readonly contra: string;
  /** What the figures are, up to the part that is left out. */
  readonly measure: string;
  readonly unit: string;
}

const OF_NUMBERS: Wording = { pro: "made the number larger", contra: "made it smaller", measure: "How much smaller the number becomes", unit: "in its own unit" };

function ofName(label: string): Wording {
  return { pro: `spoke for ${label}`, contra: "spoke against it", measure: `How much less likely ${label} becomes`, unit: "in nats of log probability" };
}

function WhereItLooked({ heatmap, words }: { heatmap: Heatmap; words: Wording }) {
  const rows = Array.from({ length: heatmap.height }, (_, y) => [...heatmap.data.subarray(y * heatmap.width, (y + 1) * heatmap.width)]);
  return (
    <>
      <p className="note">
        <span className="swatch for" /> {words.pro}, most of it {strongest(heatmap)}; <span className="swatch against" /> {words.contra}. Only the square in the middle of the picture was looked at.
      </p>
      <AsTable>
        <p className="note">{words.measure} when a part of the picture is left out ({words.unit}); rows from the top.</p>
        <PlainTable
          name="What each part of the picture said"
          heads={["Row", ...rows[0]!.map((_, x) => String(x + 1))]}
          rows={rows.map((row, y) => [y + 1, ...row.map((v) => v.toFixed(2))])}
        />
      </AsTable>
    </>
  );
}

type Token = NonNullable<Explanation["tokens"]>[number];

function Words({ tokens, text, words }: { tokens: readonly Token[]; text: string; words: Wording }) {
  const most = tokens.reduce((m, t) => Math.max(m, Math.abs(t.weight)), 0) || 1;
  const parts: ReactNode[] = [];
  let end = 0;
  for (const token of [...tokens].sort((a, b) => a.start - b.start)) {
    parts.push(
      text.slice(end, token.start),
      <span key={token.start} className={token.weight >= 0 ? "word for" : "word against"} style={{ "--share": Math.abs(token.weight) / most } as CSSProperties}>
        {text.slice(token.start, token.end)}
      </span>,
    );
    end = token.end;
  }
  return (
    <>
      <p className="words">
        {parts}
        {text.slice(end)}
      </p>
      <p className="note">
        <span className="word for">Underlined</span> words {words.pro}, <span className="word against">dotted</span> ones {words.contra}; the stronger the colour, the more.
      </p>
      <AsTable>
        <p className="note">{words.measure} when the word is left out ({words.unit}).</p>
        <PlainTable name="What each word said" heads={["Word", "Weight"]} rows={[...tokens].sort((a, b) => b.weight - a.weight).map((t) => [t.text, t.weight.toFixed(3)])} />
      </AsTable>
    </>
  );
}

function LikeIt({ nearest }: { nearest: Explanation["nearest"] }) {
  // Those that were removed since cannot be shown.
  const here = nearest.filter(({ id }) => (task === "text" ? textOf(id) !== undefined : fileOf(id)));
  if (here.length === 0) return null;
  return (
    <>
      <p className="note">Most like it among what the model learnt from (1 is the same):</p>
      <ul className="like-it" aria-label="Most like it">
        {here.map(({ id, label, similarity }) => (
          <li key={id}>
            {task === "text" ? textOf(id) : <Thumb id={id} alt="" />}{" "}
            <span className="soft">
              {shown(label)} {similarity.toFixed(2)}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
