import { useStore } from "../state/store";
import { noun } from "../state/task";
import { useTuning } from "../state/tuning";
import { count, duration, megabytes } from "../state/words";

/** What fine-tuning would take here, measured on a few samples. */
export function Cost() {
  const { cost, choice } = useTuning();
  const revision = useStore((s) => s.revision);
  if (!cost || cost.made.revision !== revision) return <p>What it takes depends on this machine: a few seconds’ measurement tells.</p>;
  if (cost.of.stages !== choice.stages || cost.of.method !== choice.method || cost.of.trains !== choice.trains) return <p>You have chosen otherwise since it was measured: measure again.</p>;
  const { seconds, bytes, trainings, samples, epochs } = cost.is;
  const passes = count(epochs, "pass", "passes");
  return (
    <p className="cost">
      It would take <strong>{duration(seconds)}</strong> and <strong>{megabytes(bytes)}</strong> of memory beside the backbone’s:{" "}
      {trainings === 1
        ? `one training of ${passes} over those without a label.`
        : `${count(trainings, "training")} (${trainings - 1} for the guard, then one on all), each of ${passes} over its part of ${count(samples, noun)}.`}
    </p>
  );
}
