import { readFile } from "node:fs/promises";
import { openExport } from "headstart/predict";

const model = await openExport(await readFile("model.safetensors"));
const list = JSON.parse(await readFile("pictures.json", "utf8"));
const pictures = await Promise.all(list.map(({ url }) => readFile(url)));
console.log(JSON.stringify({ info: model.info, verified: await model.verify(), predictions: await model.predict(pictures, { reject: 0.1 }) }));
