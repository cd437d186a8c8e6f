import { Panel } from "../parts/Panel";
import { bytesHeld } from "../state/samples";
import { total, useStore } from "../state/store";
import { megabytes } from "../state/words";
import { useRequests } from "../trust/requests";

/** What runs here, on what, from whom, and what has left: nothing. */
export function Machine() {
  const learner = useStore((s) => s.learner);
  const device = useStore((s) => s.device);
  const classes = useStore((s) => s.classes);
  const { own, away, refused } = useRequests();
  if (!learner || !device) return null;
  const { backbone } = learner;
  const rows: [string, string][] = [
    ["Device", `${device.kind === "webgpu" ? "WebGPU" : "CPU"}, ${device.adapter}, ${device.workers} worker${device.workers === 1 ? "" : "s"}`],
    ["Why", device.reason],
    ["Held in this tab", `${megabytes(bytesHeld())} of pictures, ${megabytes(total({ classes }) * backbone.dim * 4)} of features, ${megabytes(backbone.bytes)} of backbone`],
    ["Requests that left", `${away}${refused > 0 ? `; ${refused} refused by the page’s policy` : ""}`],
    ["To its own server", `${own}, for the page, its modules and the backbone`],
    ["Backbone", `${backbone.id}, ${backbone.dim} features`],
    ["Licence", backbone.licence],
    ["Source", backbone.source],
    ["sha256", backbone.sha256],
  ];
  return (
    <Panel id="machine" title="What runs here">
      <dl>
        {rows.map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <p className="note">
        The page’s Content Security Policy lets it, and its workers, reach no address but its own: the browser itself keeps your pictures here. The count
        is the browser’s own list of requests.
      </p>
    </Panel>
  );
}
