import type { Report } from "headstart";
import { type CSSProperties, useRef } from "react";
import { SaveButtons } from "../parts/SaveButtons";
import { confusionSvg } from "../parts/confusionSvg";

interface Props {
  report: Report;
  onOpen: (truth: number, called: number) => void;
}

/**
 * How often each class was called what. The number is always there; the shade only helps the eye. The cells are the
 * browser's own buttons: a table of ten classes has dozens, and they are drawn in one go.
 */
export function Confusion({ report: { confusion }, onOpen }: Props) {
  const { labels, counts } = confusion;
  const box = useRef<HTMLDivElement>(null);
  return (
    <>
      <div className="scroll" ref={box} tabIndex={0} role="region" aria-label="Confusion matrix">
        <table className="confusion">
          <thead>
            <tr>
              <th scope="col">is \ called</th>
              {labels.map((label) => (
                <th key={label} scope="col">
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {labels.map((label, truth) => {
              const row = counts[truth]!;
              const sum = row.reduce((a, b) => a + b, 0);
              return (
                <tr key={label}>
                  <th scope="row">{label}</th>
                  {row.map((n, called) => {
                    const share = { "--share": sum > 0 ? n / sum : 0 } as CSSProperties;
                    const words = `${n} of ${sum} ${label} called ${labels[called]}`;
                    return (
                      <td key={labels[called]} className={truth === called ? "hit" : "miss"} style={share}>
                        {n > 0 ? (
                          <button type="button" className="cell" aria-label={words} onClick={() => onOpen(truth, called)}>
                            {n}
                          </button>
                        ) : (
                          0
                        )}
                      </td>
                    );
                  })}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <SaveButtons name="confusion matrix" make={() => confusionSvg(confusion, box.current!)} />
    </>
  );
}
