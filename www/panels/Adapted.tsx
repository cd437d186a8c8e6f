import type { AdaptReport } from "headstart";
import { Between } from "../parts/Between";
import { Outcome } from "../parts/Outcome";
import { Outdated } from "../parts/Outdated";
import { PlainTable } from "../parts/PlainTable";
import { useAdaptation } from "../state/adaptation";
import { useStore } from "../state/store";
import { nouns } from "../state/task";
import { count, percent, range } from "../state/words";

/** How far the target is from the samples, what was tried, and whether any of it was kept. */
export function Adapted({ report }: { report: AdaptReport }) {
  const made = useAdaptation((s) => s.made);
  const adapted = useStore((s) => s.adapted);
  const { kept, sentence, shift, evidence, tried, method, rejected } = report;
  const guarded = tried.some((one) => one.guard !== undefined);
  return (
    <>
      <Outcome kept={kept} called={kept ? "Kept" : "Nothing kept"}>
        <p>{sentence}</p>
        <p className="soft">{kept ? `Try assumes ${nouns} from there now. The report is of held-out ${nouns} of yours; training again takes the model back to them.` : "The model is as it was."}</p>
        {rejected.length > 0 && <p className="note warn">{count(rejected.length, "file")} could not be read, listed under Collect.</p>}
        {kept && !adapted && <p className="note warn">The model has been trained again since, and is not adapted any more.</p>}
        <Outdated made={made} of="this was tried" />
      </Outcome>
      <div className="tables">
        <div>
          <h4>How different they are</h4>
          <PlainTable
            name="How different they are"
            heads={["Measure", "Value", "95 % interval"]}
            rows={[
              ["a classifier tells them apart", percent(shift.domainClassifier.value), <Between key="interval">{range(shift.domainClassifier)}</Between>],
              ["MMD, by chance as large", `p = ${shift.mmd.p.toFixed(3)}`, ""],
              ["evidence that features moved", `${evidence.toFixed(1)} nats`, ""],
            ]}
          />
          <p className="note">50 % is no difference. MMD: how far the two lie apart, and how often chance would put them so far.</p>
        </div>
        <div>
          <h4>What was tried</h4>
          <PlainTable
            name="What was tried"
            heads={["Method", "Criterion", ...(guarded ? ["Labels"] : [])]}
            rows={tried.map((one) => [one.method === method ? <Kept key="kept" method={one.method} /> : named(one.method), one.criterion.toFixed(3), ...(guarded ? [one.guard?.toFixed(2) ?? ""] : [])])}
          />
          <p className="note">
            Criterion: how surely and how evenly the {nouns} from there are told apart, in nats.{guarded && " Labels: how much more likely theirs are than without adapting, in nats."}
          </p>
        </div>
      </div>
    </>
  );
}

function Kept({ method }: { method: string }) {
  return (
    <strong>
      ✓ {named(method)}: {method === "none" ? "stays" : "kept"}
    </strong>
  );
}

function named(method: string): string {
  return method === "none" ? "none, as it was" : method;
}
