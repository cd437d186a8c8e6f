import { Button } from "react-aria-components";
import { JobBar } from "../parts/JobBar";
import { Outdated } from "../parts/Outdated";
import { Panel } from "../parts/Panel";
import { examine, leaveNone, useDoctor } from "../state/doctor";
import { isReady, useRunning, useStore } from "../state/store";
import { nouns } from "../state/task";
import { Imbalance, LabelNext, NearDuplicates, Outliers, WrongLabels } from "./DoctorLists";

/** Wrong labels and the like, each with the button that puts it right; Undo takes it back. */
export function Doctor() {
  const { found, made, kept } = useDoctor();
  const ready = useStore(isReady);
  const numbers = useStore((s) => s.kind === "numbers");
  const running = useRunning("doctor");
  const collecting = useRunning("collect");
  return (
    <Panel id="doctor" title="What may be wrong with your samples">
      {!found && <p className="soft">Looks for labels that are likely wrong, {numbers ? "and " : ""}for {nouns} that are almost the same or unlike all others{numbers ? ". " : ", "}{!numbers && "and for classes with too few. "}You decide what becomes of them.</p>}
      <div className="row">
        <Button className={found ? "button quiet" : "button"} isDisabled={!ready || running || collecting} onPress={() => void examine()}>
          {found ? "Check the samples again" : "Check the samples"}
        </Button>
        {kept.size > 0 && (
          <Button className="button quiet" onPress={leaveNone}>
            Show {kept.size} kept again
          </Button>
        )}
        <JobBar of="doctor">{!ready && !found && <p>{numbers ? `Give some ${nouns} a number first.` : `Collect ${nouns} of two classes first.`}</p>}</JobBar>
      </div>
      {found && (
        <Outdated made={made} of="this check">
          What you have put right is no longer listed; check again when you are done.
        </Outdated>
      )}
      {found && (
        <>
          <WrongLabels found={found.labelIssues} />
          <NearDuplicates found={found.nearDuplicates} />
          <Outliers found={found.outliers} />
          <LabelNext found={found.labelNext} />
          {!numbers && <Imbalance found={found.imbalance} />}
        </>
      )}
    </Panel>
  );
}
