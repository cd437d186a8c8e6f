import { Panel } from "../parts/Panel";
import { held } from "../state/contents";
import { useStore } from "../state/store";
import { noun, nouns, task } from "../state/task";
import { megabytes } from "../state/words";
import { heldThumbs } from "../thumbs/thumbs";
import { useRequests } from "../trust/requests";

/** What runs here, on what, from whom, and what has left: nothing. */
export function Machine() {
  const learner = useStore((s) => s.learner);
  const device = useStore((s) => s.device);
  // Drawn again when samples come or go.
  useStore((s) => s.classes);
  const { own, away, refused, bytes: downloaded } = useRequests();
  if (!learner || !device) return null;
  const { backbone } = learner;
  const { count, bytes } = held();
  const rows: [string, string][] = [
    ["Device", `${device.kind === "webgpu" ? "WebGPU" : "CPU"}, ${device.adapter}, ${device.workers} worker${device.workers === 1 ? "" : "s"}`],
    ["Why", device.reason],
    ["Downloaded", `${megabytes(downloaded)} since this page was opened (without what the browser had kept from before); the backbone’s weights are a file of ${megabytes(backbone.bytes)}`],
    ["Held by the page", `${megabytes(bytes)} of ${nouns}, with those that Undo can bring back${task === "text" ? "" : `; ${megabytes(heldThumbs())} of thumbnails`}`],
    ["Held by the learner", `${megabytes(count * backbone.dim * 4)} of features, ${backbone.dim} numbers of 4 bytes for each ${noun}; and the backbone’s file`],
    ["In each worker", `the backbone unpacked, and room to compute. No page can ask the browser how much that is: it is not in these figures`],
    ["Requests that left", `${away}${refused > 0 ? `; ${refused} refused by the page’s policy` : ""}`],
    ["To its own server", String(own)],
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
        The page’s Content Security Policy lets it and its workers fetch from no server but the one it came from; the browser itself refuses any other. The
        counts are the browser’s own list of requests. To its own server go those for its files; no {noun} is sent there either.
      </p>
    </Panel>
  );
}
