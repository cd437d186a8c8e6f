import { createLearner } from "headstart";
import backbone from "headstart/backbones/efficientnet-lite0";
import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { scenario } from "./scenario.js";

/** Its workers made by the app itself. */
const worker = () => new Worker(new URL("headstart/worker", import.meta.url), { type: "module" });

function App() {
  const [result, setResult] = useState();
  useEffect(() => {
    // In strict mode React mounts twice: the first learner is closed while it opens or learns.
    const left = new AbortController();
    let opened;
    const create = async (options) => {
      opened = await createLearner({ ...options, signal: left.signal });
      if (left.signal.aborted) await opened.close();
      return opened;
    };
    scenario(create, { backbone, worker })
      .then(({ result }) => setResult(result))
      .catch((error) => left.signal.aborted || setResult({ error: `${error.code}: ${error.message}` }));
    return () => {
      left.abort();
      opened?.close();
    };
  }, []);
  return result ? <output>{JSON.stringify(result)}</output> : <p>Learning…</p>;
}

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
