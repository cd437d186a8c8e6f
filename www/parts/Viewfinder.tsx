import { Choose } from "./Choose";
import type { useCamera } from "./useCamera";

/** What the camera sees, and which camera. */
export function Viewfinder({ camera }: { camera: ReturnType<typeof useCamera> }) {
  const { video, devices, deviceId, choose, problem } = camera;
  return (
    <div className="viewfinder">
      {/* Muted and inline, or iPads would not play it. Mirrored, as people expect of themselves. */}
      <video ref={video} muted playsInline aria-label="What the camera sees" hidden={problem !== null} />
      {problem && <p role="alert">{problem}</p>}
      {devices.length > 1 && (
        <Choose
          label="Camera"
          value={deviceId ?? ""}
          choices={devices.map((device, i) => [device.deviceId, device.label || `Camera ${i + 1}`] as const)}
          onChoose={choose}
        />
      )}
    </div>
  );
}
