import { Button, Cell, Column, Row, Table, TableBody, TableHeader, TableLayout, Virtualizer } from "react-aria-components";
import { download } from "../parts/download";
import { Thumb } from "../parts/Thumb";
import { figure } from "../state/labels";
import { type Judged, asCsv, called, sureness } from "../state/predictions";
import { noun, task } from "../state/task";
import { count } from "../state/words";

const thumbs = new WeakMap<Blob, string>();
let made = 0;

/** A name of its own for each file: neither names nor sizes tell them apart. */
function thumbOf(file: Blob): string {
  if (!thumbs.has(file)) thumbs.set(file, `file-${made++}`);
  return thumbs.get(file)!;
}

/** Of more than so many answers nobody reads how often each was given. */
const MANY = 12;

/** Predictions for many pictures or texts, and the whole of them as CSV. */
export function Batch({ batch }: { batch: readonly Judged[] }) {
  const byLabel = new Map<string, number>();
  for (const { prediction } of batch) if (prediction) byLabel.set(called(prediction), (byLabel.get(called(prediction)) ?? 0) + 1);
  const numbers = batch.flatMap(({ prediction }) => (typeof prediction?.label === "number" ? prediction.label : []));
  return (
    <div className="batch">
      <div className="row">
        <p className="soft">{numbers.length > 0 ? spread(numbers) : byLabel.size > MANY ? `${byLabel.size.toLocaleString("en")} different answers` : [...byLabel].map(([label, n]) => `${label}: ${n.toLocaleString("en")}`).join(", ")}</p>
        <Button className="button" onPress={() => download(asCsv(batch), "predictions.csv")}>
          Download CSV
        </Button>
      </div>
      <Virtualizer layout={TableLayout} layoutOptions={{ rowHeight: task === "text" ? 40 : 56, headingHeight: 36 }}>
        <Table aria-label={`Predictions for ${count(batch.length, noun)}`} className="predictions">
          <TableHeader>
            {task === "image" && <Column width={64}>Picture</Column>}
            <Column isRowHeader width={task === "text" ? "3fr" : "2fr"}>
              {task === "text" ? "Text" : "File"}
            </Column>
            <Column minWidth={72}>{numbers.length > 0 ? "Number" : "Class"}</Column>
            <Column width={numbers.length > 0 ? 132 : 84}>{numbers.length > 0 ? "95 % range" : "Score"}</Column>
          </TableHeader>
          <TableBody items={batch}>
            {(one) => (
              <Row id={one.id}>
                {task === "image" && <Cell>{one.file && <Thumb id={thumbOf(one.file)} file={one.file} />}</Cell>}
                {/* Of a path the end, where there is room for so little. */}
                <Cell>
                  <span title={one.name}>{task === "text" ? one.name : one.name.split("/").at(-1)}</span>
                </Cell>
                <Cell>{one.prediction ? called(one.prediction) : <span className="warn" title={one.problem ?? ""}>{one.problem}</span>}</Cell>
                <Cell>{one.prediction && sureness(one.prediction)}</Cell>
              </Row>
            )}
          </TableBody>
        </Table>
      </Virtualizer>
    </div>
  );
}

function spread(numbers: readonly number[]): string {
  const [least, most] = [numbers.reduce((a, b) => Math.min(a, b)), numbers.reduce((a, b) => Math.max(a, b))];
  return `${figure(least)} to ${figure(most)}, ${figure(numbers.reduce((a, b) => a + b, 0) / numbers.length)} in the mean`;
}
