import { Panel } from "../parts/Panel";
import { useStore } from "../state/store";
import { nouns } from "../state/task";
import { Adapt } from "./Adapt";
import { FineTune } from "./FineTune";

/** Beyond a head on a backbone that stays as it is. Each step is guarded: nobody makes their model worse by pressing a button. */
export function Further() {
  const trained = useStore((s) => s.result !== null);
  return (
    <Panel id="further" title="Go further">
      <p className="soft">
        Two ways to a better model than a head on the backbone as it is. Each checks itself, and is taken back where it does not help.
      </p>
      {trained ? (
        <>
          <FineTune />
          <Adapt />
        </>
      ) : (
        <p className="empty">Train first; then train a part of the backbone too, or make the model suit {nouns} from elsewhere.</p>
      )}
    </Panel>
  );
}
