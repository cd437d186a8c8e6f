import type { ReactNode } from "react";

interface Props {
  name: string;
  heads: readonly string[];
  /** The first cell of a row names it. */
  rows: readonly (readonly ReactNode[])[];
  /** The last column has words, not numbers. */
  inWords?: boolean;
}

/** Wide tables scroll by themselves, by keyboard too, and leave the page still. */
export function PlainTable({ name, heads, rows, inWords = false }: Props) {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={name}>
      <table className={inWords ? "in-words" : undefined}>
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([head, ...cells], i) => (
            <tr key={i}>
              <th scope="row">{head}</th>
              {cells.map((cell, j) => (
                <td key={j}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
