// Each engine in a page of its own: `open(options)` loads the network, `pass()` runs it once and waits for the answer.
// These run in the page; they see nothing of this file.

/** `build`: `relaxed`, `cpu` (plain SIMD) or `gpu`. */
export async function headstart({ build, batch }) {
  const glue = await import(`/generated/headstart_${build}.js`);
  await glue.default({ module_or_path: `/pkg/headstart_${build}_bg.wasm` });
  const file = (name) => fetch(`/pkg/backbones/efficientnet-lite0/${name}`);
  const weights = new Uint8Array(await (await file("model.safetensors")).arrayBuffer());
  const extractor = await glue.Extractor.load(await (await file("manifest.json")).text(), weights, build === "gpu");
  const pixels = new Uint8Array(batch * 224 * 224 * 3).map(() => Math.random() * 256);
  globalThis.pass = () => extractor.extract(pixels, batch);
}

/** The face with its worker pool: `batch` pictures, decoded already, all in. */
export async function headstartPool({ workers, batch }) {
  const { createLearner } = await import("/pkg/index.js");
  const learner = await createLearner({ task: "image", device: "cpu", workers });
  let seed = 0;
  globalThis.pass = () => {
    // New pixels each time: rows are cached by content.
    const pictures = Array.from({ length: batch }, () => {
      const image = new ImageData(224, 224);
      image.data.fill(++seed % 256);
      new DataView(image.data.buffer).setUint32(0, seed);
      image.data[3] = 255;
      return image;
    });
    return learner.embed(pictures);
  };
}

/** `pictures` in batches of `batch`. */
export async function onnxruntime({ provider, threads, batch, pictures = batch }) {
  // The one for the CPU alone brings the smaller module, which is no slower.
  const ort = await import(`/modules/onnxruntime-web/dist/${provider === "wasm" ? "ort.wasm.min" : "ort.all"}.mjs`);
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = "/modules/onnxruntime-web/dist/";
  const session = await ort.InferenceSession.create("/peers/lite0.onnx", { executionProviders: [provider] });
  const input = new ort.Tensor("float32", new Float32Array(batch * 3 * 224 * 224).map(Math.random), [batch, 3, 224, 224]);
  globalThis.pass = async () => {
    for (let done = 0; done < pictures; done += batch) await (await session.run({ image: input }, ["feature"])).feature.getData();
  };
}

/** tfjs itself, on a backend. */
export async function loadTfjs({ backend, threads }) {
  const script = (src) =>
    new Promise((resolve, reject) => {
      document.head.append(Object.assign(document.createElement("script"), { src, onload: resolve, onerror: reject }));
    });
  await script("/modules/@tensorflow/tfjs/dist/tf.min.js");
  if (backend === "webgpu") await script("/modules/@tensorflow/tfjs-backend-webgpu/dist/tf-backend-webgpu.min.js");
  await script("/modules/@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js");
  tf.wasm.setWasmPaths("/modules/@tensorflow/tfjs-backend-wasm/dist/");
  tf.wasm.setThreadsCount(threads);
  await tf.setBackend(backend);
  await tf.ready();
}

/** After `loadTfjs`. `pictures` in batches of `batch`. */
export async function tfjs({ batch, pictures = batch }) {
  // EfficientNet-Lite0 with its norms folded, random weights: for time only.
  const conv = (x, filters, kernelSize, strides, activate) => {
    const config = { kernelSize, strides, padding: "same", useBias: true };
    const y = filters
      ? tf.layers.conv2d({ ...config, filters }).apply(x)
      : tf.layers.depthwiseConv2d(config).apply(x);
    return activate ? tf.layers.reLU({ maxValue: 6 }).apply(y) : y;
  };
  const input = tf.input({ shape: [224, 224, 3] });
  let x = conv(input, 32, 3, 2, true);
  let channels = 32;
  const stages = [[3, 1, 1, 16, 1], [3, 2, 6, 24, 2], [5, 2, 6, 40, 2], [3, 2, 6, 80, 3], [5, 1, 6, 112, 3], [5, 2, 6, 192, 4], [3, 1, 6, 320, 1]];
  for (const [kernel, first, expand, out, repeats] of stages) {
    for (let i = 0; i < repeats; i++) {
      const stride = i === 0 ? first : 1;
      let y = expand > 1 ? conv(x, channels * expand, 1, 1, true) : x;
      y = conv(y, 0, kernel, stride, true);
      y = conv(y, out, 1, 1, false);
      x = stride === 1 && channels === out ? tf.layers.add().apply([y, x]) : y;
      channels = out;
    }
  }
  const pooled = tf.layers.globalAveragePooling2d({}).apply(conv(x, 1280, 1, 1, true));
  const model = tf.model({ inputs: input, outputs: pooled });
  const some = tf.randomUniform([batch, 224, 224, 3]);
  globalThis.pass = async () => {
    for (let done = 0; done < pictures; done += batch) {
      const y = model.predict(some);
      await y.data();
      y.dispose();
    }
  };
}

/** One update of the last two stages and the head on `batch` pictures, from where the stages begin; all stages trained. */
export async function headstartStep({ build, batch }) {
  const glue = await import(`/generated/headstart_${build}.js`);
  await glue.default({ module_or_path: `/pkg/headstart_${build}_bg.wasm` });
  const file = (name) => fetch(`/pkg/backbones/efficientnet-lite0/${name}`);
  const manifest = await (await file("manifest.json")).text();
  const weights = new Uint8Array(await (await file("model.safetensors")).arrayBuffer());
  const learnerBuild = build === "relaxed" ? "learner_relaxed" : "learner";
  const learner = await import(`/generated/headstart_${learnerBuild}.js`);
  await learner.default({ module_or_path: `/pkg/headstart_${learnerBuild}_bg.wasm` });
  const session = new learner.Session(1280, 0);
  const contents = new learner.Contents();
  contents.text("");
  for (let i = 0; i < batch; i++) {
    const row = new Float32Array(1280).map(Math.random);
    session.add(`${i}`, { label: `class ${i % 10}`, slice: {} }, row, contents, 0);
  }
  session.startTuning({ method: "cross-entropy" }, []);
  while (!session.step().result);
  const bench = await glue.TuneBench.load(manifest, weights, 2, false);
  const pixels = () => new Uint8Array(224 * 224 * 3).map(() => Math.random() * 256);
  for (let i = 0; i < batch; i++) bench.push(i, await bench.picture(pixels(), 1, 0), 1, 1);
  bench.start({ ...session.costJob(Uint32Array.from({ length: batch }, (_, i) => i)), epochs: 1000 });
  globalThis.pass = async () => {
    // A step is a part of the batch; the last one updates.
    while ((await bench.step()).loss === undefined);
    await bench.step();
  };
}

/** The same after `loadTfjs`: a layers model of those blocks with random weights, Adam, categorical cross-entropy. */
export async function tfjsStep({ batch }) {
  const conv = (x, filters, kernelSize, strides, activate) => {
    const config = { kernelSize, strides, padding: "same", useBias: true };
    const y = filters ? tf.layers.conv2d({ ...config, filters }).apply(x) : tf.layers.depthwiseConv2d(config).apply(x);
    return activate ? tf.layers.reLU({ maxValue: 6 }).apply(y) : y;
  };
  const input = tf.input({ shape: [14, 14, 112] });
  let [x, channels] = [input, 112];
  for (const [kernel, out, stride] of [[5, 192, 2], [5, 192, 1], [5, 192, 1], [5, 192, 1], [3, 320, 1]]) {
    const y = conv(conv(conv(x, channels * 6, 1, 1, true), 0, kernel, stride, true), out, 1, 1, false);
    x = stride === 1 && channels === out ? tf.layers.add().apply([y, x]) : y;
    channels = out;
  }
  const pooled = tf.layers.globalAveragePooling2d({}).apply(conv(x, 1280, 1, 1, true));
  const model = tf.model({ inputs: input, outputs: tf.layers.dense({ units: 10, activation: "softmax" }).apply(pooled) });
  model.compile({ optimizer: tf.train.adam(1e-4), loss: "categoricalCrossentropy" });
  const [some, labels] = [tf.randomUniform([batch, 14, 14, 112]), tf.oneHot(tf.tensor1d(Array.from({ length: batch }, (_, i) => i % 10), "int32"), 10)];
  globalThis.pass = async () => model.trainOnBatch(some, labels);
}

/** Teachable Machine's recipe, after `loadTfjs`: MobileNetV2 with random weights, a dense head of 100, 50 epochs of 16. */
export async function tfjsRecipe({ alpha, files }) {
  const wide = (channels) => Math.max(8, Math.floor((channels * alpha + 4) / 8) * 8);
  const conv = (x, filters, kernelSize, strides, activate) => {
    const config = { kernelSize, strides, padding: "same", useBias: true };
    const y = filters ? tf.layers.conv2d({ ...config, filters }).apply(x) : tf.layers.depthwiseConv2d(config).apply(x);
    return activate ? tf.layers.reLU({ maxValue: 6 }).apply(y) : y;
  };
  const input = tf.input({ shape: [224, 224, 3] });
  let channels = wide(32);
  let x = conv(input, channels, 3, 2, true);
  for (const [expand, out, repeats, first] of [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 3, 2], [6, 64, 4, 2], [6, 96, 3, 1], [6, 160, 3, 2], [6, 320, 1, 1]]) {
    for (let i = 0; i < repeats; i++) {
      const stride = i === 0 ? first : 1;
      let y = expand > 1 ? conv(x, channels * expand, 1, 1, true) : x;
      y = conv(conv(y, 0, 3, stride, true), wide(out), 1, 1, false);
      x = stride === 1 && channels === wide(out) ? tf.layers.add().apply([y, x]) : y;
      channels = wide(out);
    }
  }
  const pooled = tf.layers.globalAveragePooling2d({}).apply(conv(x, 1280, 1, 1, true));
  const backbone = tf.model({ inputs: input, outputs: pooled });
  const classes = [...new Set(files.map((file) => file.label))];
  const blobs = await Promise.all(files.map(async ({ url }) => (await fetch(url)).blob()));
  globalThis.pass = async () => {
    const rows = [];
    for (const blob of blobs) {
      const bitmap = await createImageBitmap(blob);
      const side = Math.min(bitmap.width, bitmap.height);
      const row = tf.tidy(() => {
        const pixels = tf.browser.fromPixels(bitmap).slice([(bitmap.height - side) >> 1, (bitmap.width - side) >> 1, 0], [side, side, 3]);
        return backbone.predict(tf.image.resizeBilinear(pixels, [224, 224]).div(127.5).sub(1).expandDims(0));
      });
      rows.push(await row.data());
      row.dispose();
      bitmap.close();
    }
    // 15 of 100 are held out, as there.
    const held = (i) => i % 20 < 3;
    const part = (keep) => {
      const chosen = rows.map((_, i) => i).filter((i) => held(i) !== keep);
      const x = tf.tensor2d(Float32Array.from(chosen.flatMap((i) => [...rows[i]])), [chosen.length, 1280]);
      return [x, tf.oneHot(tf.tensor1d(chosen.map((i) => classes.indexOf(files[i].label)), "int32"), classes.length)];
    };
    const head = tf.sequential({
      layers: [
        tf.layers.dense({ inputShape: [1280], units: 100, activation: "relu" }),
        tf.layers.dense({ units: classes.length, useBias: false, activation: "softmax" }),
      ],
    });
    head.compile({ optimizer: tf.train.adam(0.001), loss: "categoricalCrossentropy", metrics: ["accuracy"] });
    const [x, y] = part(true);
    await head.fit(x, y, { batchSize: 16, epochs: 50, validationData: part(false) });
  };
}

/** The same pictures through the face: taken in, linear head trained, checked by five folds. */
export async function headstartRecipe({ files }) {
  const { createLearner } = await import("/pkg/index.js");
  const samples = await Promise.all(files.map(async ({ url, label }) => ({ data: await (await fetch(url)).blob(), label })));
  globalThis.pass = async () => {
    const learner = await createLearner({ task: "image", device: "cpu" });
    const start = performance.now();
    await learner.add(samples);
    for await (const event of learner.train()) void event;
    await learner.evaluate();
    const milliseconds = performance.now() - start;
    await learner.close();
    return { milliseconds };
  };
}

/** One sentence, from nothing loaded. */
export async function headstartFirstText() {
  const { createLearner } = await import("/pkg/index.js");
  const learner = await createLearner({ task: "text", device: "cpu" });
  await learner.embed(["How do I reset my password?"]);
  return performance.now();
}

export async function headstartFirstPicture() {
  const { createLearner } = await import("/pkg/index.js");
  const learner = await createLearner({ task: "image", device: "cpu" });
  await learner.embed([new ImageData(224, 224)]);
  return performance.now();
}

/** With as many threads as it takes by itself, and the smallest of its bundles. */
export async function onnxruntimeFirstPicture() {
  const ort = await import("/modules/onnxruntime-web/dist/ort.wasm.min.mjs");
  ort.env.wasm.wasmPaths = "/modules/onnxruntime-web/dist/";
  const session = await ort.InferenceSession.create("/peers/lite0.onnx", { executionProviders: ["wasm"] });
  const input = new ort.Tensor("float32", new Float32Array(3 * 224 * 224), [1, 3, 224, 224]);
  const { feature } = await session.run({ image: input }, ["feature"]);
  if (feature.data.length !== 1280) throw new Error("no features");
  return performance.now();
}

export async function transformersFirstText() {
  const { AutoModel, AutoTokenizer, env } = await import("/modules/@huggingface/transformers/dist/transformers.min.js");
  env.localModelPath = "/models/";
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.backends.onnx.wasm.wasmPaths = "/modules/@huggingface/transformers/node_modules/onnxruntime-web/dist/";
  const [tokenizer, model] = await Promise.all([
    AutoTokenizer.from_pretrained("minilm"),
    AutoModel.from_pretrained("minilm", { dtype: "fp32", device: "wasm" }),
  ]);
  const { sentence_embedding } = await model(await tokenizer(["How do I reset my password?"], { padding: true, truncation: true }));
  if (sentence_embedding.data.length !== 384) throw new Error("no embedding");
  return performance.now();
}

/** Token ids of sentences, by the tokenizer of the pack. */
export async function tokens(sentences) {
  const glue = await import("/generated/headstart_learner.js");
  await glue.default({ module_or_path: "/pkg/headstart_learner_bg.wasm" });
  const file = (name) => fetch(`/pkg/backbones/all-minilm-l6-v2/${name}`);
  const words = new Uint8Array(await (await file("tokenizer.json")).arrayBuffer());
  const tokenizer = new glue.Tokenizer(await (await file("manifest.json")).text(), words, false);
  return sentences.map((sentence) => tokenizer.encode(sentence).windows[0]);
}

/** Sentences in one call; it makes its own buckets of like length. */
export async function headstartText({ build, ids }) {
  const glue = await import(`/generated/headstart_${build}.js`);
  await glue.default({ module_or_path: `/pkg/headstart_${build}_bg.wasm` });
  const file = (name) => fetch(`/pkg/backbones/all-minilm-l6-v2/${name}`);
  const weights = new Uint8Array(await (await file("model.safetensors")).arrayBuffer());
  const extractor = await glue.Extractor.load(await (await file("manifest.json")).text(), weights, build === "gpu");
  const lengths = Uint32Array.from(ids, (list) => list.length);
  globalThis.pass = () => extractor.extractTexts(Uint32Array.from(ids.flat()), lengths);
}

/** The face: tokens, batches and the worker pool included. */
export async function headstartTextPool({ workers, sentences }) {
  const { createLearner } = await import("/pkg/index.js");
  const learner = await createLearner({ task: "text", device: "cpu", workers });
  let turn = 0;
  // A new last word each time: rows are cached by content.
  globalThis.pass = () => learner.embed(sentences.map((sentence) => `${sentence} ${(turn = (turn + 1) % 900) + 100}`));
}

/** `batch` sentences of like length at a time, padded to the longest of them; 1 is without any padding. */
export async function onnxruntimeText({ provider, threads, batch, ids }) {
  // The one for the CPU alone brings the smaller module, which is no slower.
  const ort = await import(`/modules/onnxruntime-web/dist/${provider === "wasm" ? "ort.wasm.min" : "ort.all"}.mjs`);
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = "/modules/onnxruntime-web/dist/";
  const session = await ort.InferenceSession.create("/peers/minilm.onnx", { executionProviders: [provider] });
  const sorted = [...ids].sort((a, b) => a.length - b.length);
  const feeds = [];
  for (let at = 0; at < sorted.length; at += batch) {
    const rows = sorted.slice(at, at + batch);
    const long = rows.at(-1).length;
    const input = new BigInt64Array(rows.length * long);
    const mask = new BigInt64Array(rows.length * long);
    rows.forEach((row, r) => row.forEach((id, i) => ((input[r * long + i] = BigInt(id)), (mask[r * long + i] = 1n))));
    const tensor = (data) => new ort.Tensor("int64", data, [rows.length, long]);
    feeds.push({ input_ids: tensor(input), attention_mask: tensor(mask) });
  }
  globalThis.pass = async () => {
    for (const feed of feeds) await (await session.run(feed, ["sentence_embedding"])).sentence_embedding.getData();
  };
}

/** Milliseconds and multiplications of each part of a network, medians of many passes on one thread. */
export async function profile({ build, pack, tokens }) {
  const glue = await import(`/generated/headstart_${build}.js`);
  await glue.default({ module_or_path: `/pkg/headstart_${build}_bg.wasm` });
  const file = (name) => fetch(`/pkg/backbones/${pack}/${name}`);
  const weights = new Uint8Array(await (await file("model.safetensors")).arrayBuffer());
  const extractor = await glue.Extractor.load(await (await file("manifest.json")).text(), weights, false);
  const parts = new Map();
  for (let pass = 0; pass < 60; pass++) {
    let last = performance.now();
    const times = new Map();
    extractor.profile(tokens, (name, products) => {
      const now = performance.now();
      const part = times.get(name) ?? { ms: 0, products: 0 };
      times.set(name, { ms: part.ms + now - last, products: part.products + products });
      last = now;
    });
    // The engine optimises while the first ones run.
    if (pass >= 20) for (const [name, part] of times) parts.set(name, [...(parts.get(name) ?? []), part]);
  }
  return [...parts].map(([name, passes]) => {
    const ms = passes.map((part) => part.ms).sort((a, b) => a - b)[passes.length >> 1];
    return { name, ms, products: passes[0].products };
  });
}
