import { useProjects } from "../state/projects";
import { megabytes } from "../state/words";

/** How much of what the browser gives is used. */
export function Room() {
  const { room } = useProjects();
  if (!room) return null;
  const { bytes, quota, persisted } = room;
  return (
    <div className="room">
      <meter aria-label="Storage used" min={0} max={quota} high={0.9 * quota} value={bytes} />
      <p className="note">
        {megabytes(bytes)} of {quota < 1e9 ? megabytes(quota) : `${(quota / 1e9).toFixed(0)} GB`} that the browser gives this page are used, backbones included.{" "}
        {persisted ? "It has promised to keep them." : "Short of space, it may delete them: save what matters as a file too."}
      </p>
    </div>
  );
}
