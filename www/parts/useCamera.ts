import { type RefObject, useCallback, useEffect, useRef, useState } from "react";

/** Height of a grabbed picture: above what the backbone reads, small enough to keep hundreds. */
const HEIGHT = 360;

interface Camera {
  video: RefObject<HTMLVideoElement | null>;
  devices: MediaDeviceInfo[];
  deviceId: string | undefined;
  choose: (deviceId: string) => void;
  ready: boolean;
  problem: string | null;
  /** The picture that is seen now, as JPEG. */
  grab: () => Promise<Blob>;
}

/** The webcam, on while the component is there. */
export function useCamera(): Camera {
  const video = useRef<HTMLVideoElement>(null);
  const [devices, setDevices] = useState<MediaDeviceInfo[]>([]);
  const [chosen, choose] = useState<string>();
  const [deviceId, setDeviceId] = useState<string>();
  const [ready, setReady] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  useEffect(() => {
    let stream: MediaStream | undefined;
    let gone = false;
    setReady(false);
    setProblem(null);
    const start = async () => {
      if (!navigator.mediaDevices) throw new Error("this browser gives cameras only to pages from https or from this machine");
      stream = await navigator.mediaDevices.getUserMedia({ video: chosen ? { deviceId: { exact: chosen } } : true });
      if (gone) return stop(stream);
      video.current!.srcObject = stream;
      await video.current!.play();
      stream.getVideoTracks()[0]?.addEventListener("ended", () => {
        setReady(false);
        setProblem("The camera was switched off or unplugged.");
      });
      setDeviceId(stream.getVideoTracks()[0]?.getSettings().deviceId);
      // Names are told only after permission was given.
      setDevices((await navigator.mediaDevices.enumerateDevices()).filter((d) => d.kind === "videoinput"));
      setReady(true);
    };
    start().catch((error: unknown) => {
      if (!gone) setProblem(why(error));
    });
    return () => {
      gone = true;
      if (stream) stop(stream);
    };
  }, [chosen]);

  const grab = useCallback(async () => {
    const { videoWidth, videoHeight } = video.current!;
    const canvas = new OffscreenCanvas(Math.round((HEIGHT * videoWidth) / videoHeight), HEIGHT);
    canvas.getContext("2d")!.drawImage(video.current!, 0, 0, canvas.width, canvas.height);
    return canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
  }, []);

  return { video, devices, deviceId, choose, ready, problem, grab };
}

function stop(stream: MediaStream): void {
  stream.getTracks().forEach((track) => track.stop());
}

function why(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError") return "The camera was not allowed. Allow it in the address bar, then open this again.";
  if (name === "NotFoundError") return "There is no camera here.";
  if (name === "NotReadableError") return "The camera is used by another program.";
  return `The camera cannot be used: ${error instanceof Error ? error.message : String(error)}.`;
}
