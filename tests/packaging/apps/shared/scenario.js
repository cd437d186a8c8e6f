// What every app does: learn from a few pictures, and say what others are. The test reads the result in the page.
export async function scenario(createLearner, options) {
  const list = await (await fetch("pictures.json")).json();
  const samples = await Promise.all(list.map(async ({ url, label }) => ({ data: await (await fetch(url)).blob(), label })));
  const [train, others] = [samples.filter((_, i) => i % 6 < 4), samples.filter((_, i) => i % 6 >= 4)];
  const learner = await createLearner({ task: "image", device: "cpu", workers: 1, ...options });
  const { added } = await learner.add(train);
  let head;
  for await (const event of learner.train()) if (event.type === "done") head = event.result.head;
  const predictions = await learner.predict(others.map(({ data }) => data));
  const { backbone } = learner;
  return { learner, result: { added: added.length, head, backbone: backbone.id, right: predictions.map(({ label }, i) => label === others[i].label) } };
}

export function show(result) {
  const output = document.createElement("output");
  output.textContent = JSON.stringify(result);
  document.body.append(output);
}

export function run(createLearner, options) {
  scenario(createLearner, options)
    .then(async ({ learner, result }) => {
      await learner.close();
      show(result);
    })
    .catch((error) => show({ error: `${error.code}: ${error.message}` }));
}
