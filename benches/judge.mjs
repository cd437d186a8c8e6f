// Whether the judges can be believed: what each of these proofs does, and what it has to reach.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { shared } from "../scripts/paths.mjs";

const percent = (v) => `${(100 * v).toFixed(1)} %`;
const points = (v) => `${v < 0 ? "−" : "+"}${Math.abs(100 * v).toFixed(1)}`;

export const judgeProofs = [
  ...[
    // Reference: frozen − scratch, in points.
    { set: "digits8x8", wanted: ["hurts"], reference: "−6.5" },
    { set: "digits8x8", each: 16, wanted: ["hurts"], reference: "−14" },
    { set: "nusax_javanese", wanted: ["hurts"], reference: "−14.8" },
    { set: "clothing10", wanted: ["helps"], reference: "+23.2" },
    { set: "clothing10", each: 8, wanted: ["helps"], reference: "" },
    { set: "sentiment_imdb", wanted: ["helps"], reference: "+9.3" },
    { set: "banking77", each: 8, wanted: ["helps"], reference: "+11.6" },
    { set: "nusax_english", wanted: ["unclear", "hurts"], reference: "−0.7" },
  ].map(({ set, each, wanted, reference }) => ({
    name: `verdict on ${set}${each ? `, ${each} a class` : ""}`,
    goal: `${wanted.length > 1 ? "not helps" : wanted[0]}, under 180 s`,
    reference,
    async run(page) {
      const { verdict, difference, rows, seconds } = await page.evaluate(judged, { ...given(set, each), work: "verdict" });
      const parts = rows.map((row) => `${row.name} ${percent(row.accuracy.value)}`).join(", ");
      return {
        value: `${verdict}: ${points(difference.value)} (${points(difference.low)} to ${points(difference.high)}), ${seconds.toFixed(0)} s`,
        detail: parts,
        met: wanted.includes(verdict) && seconds < 180,
      };
    },
  })),
  {
    name: "novelty, clothing10 without hat, shoes, skirt",
    goal: "AUROC ≥ 0.92; 5 ± 3 % of the known refused",
    reference: "centroid cosine 0.938, max softmax 0.808",
    async run(page) {
      const unknown = ["hat", "shoes", "skirt"];
      const known = pictures("clothing10", "train").filter(({ label }) => !unknown.includes(label));
      const test = pictures("clothing10", "test");
      const inside = test.filter(({ label }) => !unknown.includes(label));
      const outside = test.filter(({ label }) => unknown.includes(label));
      return novelty(await page.evaluate(judged, { task: "image", rows: known, inside, outside, work: "novelty" }), 0.92);
    },
  },
  {
    name: "novelty, clinc75_a against out-of-scope",
    goal: "AUROC ≥ 0.965; 5 ± 3 % of the known refused",
    reference: "centroid cosine 0.977, energy 0.983",
    async run(page) {
      const csv = (part) => `/data/clinc75_a/${part}.csv`;
      const found = await page.evaluate(judged, { task: "text", csv: csv("train"), inside: csv("test"), outside: csv("oos_test"), work: "novelty" });
      return novelty(found, 0.965);
    },
  },
  {
    name: "coverage: 40 draws of 16 a class from clothing10",
    goal: "interval (with the test part's error) holds the accuracy on the test part in ≥ 85 %",
    reference: "",
    async run(page) {
      const draws = Array.from({ length: 40 }, (_, seed) => draw(pictures("clothing10", "train"), 16, seed));
      const found = await page.evaluate(judged, { task: "image", rows: pictures("clothing10", "train"), test: pictures("clothing10", "test"), draws, work: "coverage" });
      const covered = found.filter(({ estimate, truth, tested }) => {
        const error = 1.96 * Math.sqrt((truth * (1 - truth)) / tested);
        const low = estimate.value - Math.hypot(estimate.value - estimate.low, error);
        const high = estimate.value + Math.hypot(estimate.high - estimate.value, error);
        return low <= truth && truth <= high;
      }).length;
      const mean = (f) => found.reduce((sum, one) => sum + f(one), 0) / found.length;
      const bias = mean(({ estimate, truth }) => estimate.value - truth);
      return {
        value: `${covered} of ${found.length}`,
        detail: `estimate ${percent(mean((f) => f.estimate.value))}, test part ${percent(mean((f) => f.truth))}, mean difference ${points(bias)}; half the interval ${points(mean((f) => (f.estimate.high - f.estimate.low) / 2))}`,
        met: covered >= 0.85 * found.length,
      };
    },
  },
  {
    name: "a burst set: clothing10, each of 600 pictures three times with small jitters",
    goal: "the same estimate to 2 points",
    reference: "",
    async run(page) {
      const { alone, together, apart } = await page.evaluate(judged, { task: "image", rows: pictures("clothing10", "train"), work: "burst" });
      return {
        value: `${percent(alone)} alone, ${percent(together)} as bursts`,
        detail: `with the bursts split as peers split them: ${percent(apart)}`,
        met: Math.abs(alone - together) <= 0.02,
      };
    },
  },
  {
    name: "label doctor: 5 % of clothing10's labels flipped",
    goal: "≥ 60 % of the flips in the first 5 % of the list",
    reference: "",
    async run(page) {
      const rows = pictures("clothing10", "train");
      const flips = draw(rows.map((row) => ({ ...row, whole: true, label: "" })), rows.length / 20, 3).map(({ url }) => url);
      const labels = [...new Set(rows.map(({ label }) => label))];
      const wrong = rows.map((row, i) => {
        if (!flips.includes(row.url)) return row;
        const others = labels.filter((label) => label !== row.label);
        return { ...row, label: others[(i * 48271) % others.length] };
      });
      const listed = await page.evaluate(judged, { task: "image", rows: wrong, work: "doctor" });
      const first = listed.slice(0, rows.length / 20);
      const found = first.filter((url) => flips.includes(url)).length;
      return {
        value: `${found} of ${flips.length} flips among the first ${first.length}`,
        detail: `${listed.filter((url) => flips.includes(url)).length} in all ${listed.length} that are listed`,
        met: found >= 0.6 * flips.length,
      };
    },
  },
];

function novelty({ auroc, refused, seconds }, least) {
  return {
    value: `AUROC ${auroc.toFixed(3)}; ${percent(refused)} of the known refused where 5 % were asked`,
    detail: `trained in ${seconds.toFixed(1)} s`,
    met: auroc >= least && Math.abs(refused - 0.05) <= 0.03,
  };
}

function given(set, each) {
  if (!readdirSync(join(shared, "data", set)).includes("train.csv")) {
    const rows = pictures(set, "train");
    return { task: "image", rows: each ? draw(rows, each, 0) : rows };
  }
  return { task: "text", csv: `/data/${set}/train.csv`, each };
}

export function pictures(set, part) {
  const folder = join(shared, "data", set, part);
  return readdirSync(folder)
    .sort()
    .flatMap((label) => readdirSync(join(folder, label)).sort().map((name) => ({ label, url: `/data/${set}/${part}/${label}/${name}` })));
}

/** `each` of every class, by a generator that a seed starts (Park & Miller's). */
export function draw(rows, each, seed) {
  let state = seed * 7919 + 1;
  const next = () => (state = (state * 48271) % 2147483647);
  const keyed = rows.map((row) => ({ row, key: next() })).sort((a, b) => a.key - b.key);
  const taken = {};
  return keyed.map((k) => k.row).filter(({ label }) => (taken[label] = (taken[label] ?? 0) + 1) <= each);
}

/** In the page: samples in, then the work that is named. */
async function judged({ task, rows, csv, each, work, inside, outside, test, draws }) {
  const { createLearner } = await import("/pkg/index.js");
  const learner = await createLearner({ task, device: "cpu" });
  const loaded = (list) => Promise.all(list.map(async ({ url, label }) => ({ data: await (await fetch(url)).blob(), id: url, label })));
  const read = async (url) => (await learner.importTexts(await (await fetch(url)).blob())).samples.map((s) => ({ ...s, name: undefined }));
  const samplesOf = (source) => (typeof source === "string" ? read(source) : loaded(source));
  let samples = await samplesOf(csv ?? rows);
  if (csv && each) {
    let state = 1;
    const keyed = samples.map((row) => ({ row, key: (state = (state * 48271) % 2147483647) })).sort((a, b) => a.key - b.key);
    const taken = {};
    samples = keyed.map((k) => k.row).filter(({ label }) => (taken[label] = (taken[label] ?? 0) + 1) <= each);
  }
  const train = async (options) => {
    let seconds;
    for await (const event of learner.train(options)) if (event.type === "done") seconds = event.result.seconds;
    return seconds;
  };
  const works = {
    async verdict() {
      await learner.add(samples);
      const start = performance.now();
      const report = await learner.transferVerdict();
      return { ...report, seconds: (performance.now() - start) / 1000 };
    },
    async novelty() {
      await learner.add(samples);
      const seconds = await train();
      const strange = async (source) => learner.predict((await samplesOf(source)).map((s) => s.data), { reject: 0.05 });
      const [known, unknown] = [await strange(inside), await strange(outside)];
      let above = 0;
      for (const u of unknown) for (const k of known) above += u.novelty > k.novelty ? 1 : u.novelty === k.novelty ? 0.5 : 0;
      return { auroc: above / known.length / unknown.length, refused: known.filter((p) => p.rejected).length / known.length, seconds };
    },
    async coverage() {
      const elsewhere = await samplesOf(test);
      const byUrl = new Map(samples.map((s) => [s.id, s]));
      const found = [];
      for (const chosen of draws) {
        const { added } = await learner.add(chosen.map(({ url }) => byUrl.get(url)));
        await train();
        const estimate = (await learner.evaluate()).accuracy;
        const report = await learner.evaluate({ samples: elsewhere });
        found.push({ estimate, truth: report.accuracy.value, tested: elsewhere.length });
        await learner.remove(added);
      }
      return found;
    },
    async burst() {
      const FRAMES = 3;
      const jittered = async (blob, i) => {
        const bitmap = await createImageBitmap(blob);
        const { width, height } = bitmap;
        const canvas = new OffscreenCanvas(width, height);
        const context = canvas.getContext("2d");
        // A hand that is not quite still: a few pixels, a degree, a little light.
        context.filter = `brightness(${1 + 0.02 * (i - 1)})`;
        context.translate(width / 2, height / 2);
        context.rotate(0.01 * (i - 1));
        context.scale(1.03, 1.03);
        context.drawImage(bitmap, -width / 2 + 2 * (i - 1), -height / 2 + i - 1);
        return canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
      };
      const estimate = async (list) => {
        const { added } = await learner.add(list);
        await train();
        const report = await learner.evaluate({ repeats: 3 });
        await learner.remove(added);
        return report.accuracy.value;
      };
      const alone = await estimate(samples);
      const bursts = [];
      for (const { data, label, id } of samples) {
        for (let i = 0; i < FRAMES; i++) bursts.push({ data: await jittered(data, i), label, id: `${id} ${i}`, burst: id });
      }
      const together = await estimate(bursts.map(({ burst: _, ...sample }) => sample));
      // What a split of single frames says: trained on some of each burst, scored on the other.
      await learner.add(bursts.filter((_, i) => i % FRAMES > 0).map(({ burst: _, ...sample }) => ({ ...sample, id: `${sample.id} again` })));
      await train();
      const apart = (await learner.evaluate({ samples: bursts.filter((_, i) => i % FRAMES === 0) })).accuracy.value;
      return { alone, together, apart };
    },
    async doctor() {
      await learner.add(samples);
      return (await learner.doctor()).labelIssues.map(({ id }) => id);
    },
  };
  const result = await works[work]();
  await learner.close();
  return result;
}
