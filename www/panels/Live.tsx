import type { Prediction } from "headstart";
import { useEffect, useState } from "react";
import { Viewfinder } from "../parts/Viewfinder";
import { useCamera } from "../parts/useCamera";
import { rejection } from "../state/predictions";
import { learner, say, sentence } from "../state/store";
import { Scores } from "./Answer";

/** What the webcam sees, as fast as the model answers. */
export function Live() {
  const camera = useCamera();
  const [prediction, setPrediction] = useState<Prediction | null>(null);
  const { ready, grab } = camera;
  useEffect(() => {
    if (!ready) return undefined;
    const leave = new AbortController();
    const run = async () => {
      while (!leave.signal.aborted) {
        const [now] = await learner().predict([await grab()], { signal: leave.signal, ...rejection() });
        setPrediction(now!);
      }
    };
    run().catch((error: unknown) => {
      if (!leave.signal.aborted) say(sentence(error));
    });
    return () => leave.abort();
  }, [ready, grab]);
  return (
    <div className="answer">
      <Viewfinder camera={camera} />
      {prediction && <Scores prediction={prediction} />}
    </div>
  );
}
