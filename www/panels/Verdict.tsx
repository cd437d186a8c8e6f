import type { TransferReport } from "headstart";
import { useMemo } from "react";
import { Button } from "react-aria-components";
import { ChartFigure } from "../parts/ChartFigure";
import { JobBar } from "../parts/JobBar";
import { Outdated } from "../parts/Outdated";
import { Panel } from "../parts/Panel";
import { PlainTable } from "../parts/PlainTable";
import { isReady, useRunning, useStore } from "../state/store";
import { nouns, task } from "../state/task";
import { percent, range } from "../state/words";
import { compare, useVerdict } from "../state/verdict";

const NAMES: Record<TransferReport["rows"][number]["name"], string> = {
  majority: "Always the largest class",
  scratch: "From scratch, without the backbone",
  frozen: "With the backbone as it is",
  tuned: "With the backbone tuned",
};

/** Whether what the backbone has learnt elsewhere is of use here. */
export function Verdict() {
  const { verdict, made } = useVerdict();
  const ready = useStore(isReady);
  const kind = useStore((s) => s.kind);
  const running = useRunning("verdict");
  const collecting = useRunning("collect");
  return (
    <Panel id="verdict" title="Does the backbone help?">
      {!verdict && (
        <p className="soft">
          The backbone is the network that has {task === "text" ? "read a billion pairs of sentences" : "seen a million photographs"}. Whether that helps with your {nouns} is measured: the same {nouns} are also learnt without
          it. This can take a few minutes.
        </p>
      )}
      <div className="row">
        <Button className={verdict ? "button quiet" : "button"} isDisabled={!ready || running || collecting || kind !== "classes"} onPress={() => void compare()}>
          Check against learning from scratch
        </Button>
        <JobBar of="verdict">{kind !== "classes" ? <p>This is measured for {nouns} with one class each.</p> : !ready && !verdict && <p>Collect {nouns} of two classes first.</p>}</JobBar>
      </div>
      {verdict && <Found verdict={verdict} />}
      {verdict && <Outdated made={made} of="this check" />}
    </Panel>
  );
}

const load = () => import("../plots/verdict");

function Found({ verdict: { sentence, rows, how } }: { verdict: TransferReport }) {
  const ways = useMemo(() => rows.map(({ name, accuracy: { value, low, high } }) => ({ name: NAMES[name], value, low, high })), [rows]);
  return (
    <>
      <p className="verdict big">{sentence}</p>
      <ChartFigure
        title="Right with and without the backbone"
        name="verdict"
        data={ways}
        load={load}
        table={
          <PlainTable
            name="With and without the backbone"
            heads={["How it learnt", "Right", "95 % interval", "Seconds"]}
            rows={rows.map(({ name, accuracy, seconds }) => [NAMES[name], percent(accuracy.value), range(accuracy), seconds.toFixed(1)])}
          />
        }
      >
        <p>The lines over the bars are 95 % intervals. {how}</p>
      </ChartFigure>
    </>
  );
}
