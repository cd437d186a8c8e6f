import { Button, Label, ListBox, ListBoxItem, Popover, Select, SelectValue } from "react-aria-components";
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
        <Select value={deviceId ?? null} onChange={(key) => choose(String(key))}>
          <Label>Camera</Label>
          <Button className="button quiet select">
            <SelectValue />
          </Button>
          <Popover className="popover">
            <ListBox className="menu">
              {devices.map((device, i) => (
                <ListBoxItem key={device.deviceId} id={device.deviceId} className="menu-item">
                  {device.label || `Camera ${i + 1}`}
                </ListBoxItem>
              ))}
            </ListBox>
          </Popover>
        </Select>
      )}
    </div>
  );
}
