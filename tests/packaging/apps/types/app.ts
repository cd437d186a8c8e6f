import { type Learner, type TrainResult, HeadstartError, createLearner } from "headstart";
import image from "headstart/backbones/efficientnet-lite0";
import text from "headstart/backbones/all-minilm-l6-v2";
import { openExport } from "headstart/predict";

export async function learn(files: File[]): Promise<TrainResult | undefined> {
  await using learner: Learner<string> = await createLearner<string>({ task: "image", backbone: image, device: "cpu", worker: () => new Worker(new URL("headstart/worker", import.meta.url), { type: "module" }) });
  await learner.add(files.map((data) => ({ data, label: data.name })));
  for await (const event of learner.train({ head: "linear" })) if (event.type === "done") return event.result;
  const bytes: Blob = await learner.export("safetensors", { samples: true });
  const opened = await openExport<string>(bytes);
  const label: string | null | undefined = (await opened.predict(files, { reject: 0.05 }))[0]?.label;
  console.log(label);
  return undefined;
}

export const texts = () => createLearner({ task: "text", backbone: text }).catch((error: unknown) => error instanceof HeadstartError && error.code === "network");
