import { openExport } from "headstart/predict";
import { show } from "./scenario.js";

try {
  const model = await openExport(await fetch("model.safetensors"));
  const list = await (await fetch("pictures.json")).json();
  const pictures = await Promise.all(list.map(async ({ url }) => (await fetch(url)).blob()));
  show({ info: model.info, verified: await model.verify(), predictions: await model.predict(pictures, { reject: 0.1 }) });
  await model.close();
} catch (error) {
  show({ error: `${error.code}: ${error.message}` });
}
