import { createRoot } from "react-dom/client";
import { App } from "./App";
import { open } from "./state/open";
import { isSafe } from "./state/store";
import "./style/index.css";

createRoot(document.getElementById("root")!).render(<App />);
void open();

// A file dropped beside a target would replace the page, and the work with it.
for (const type of ["dragover", "drop"]) addEventListener(type, (event) => event.preventDefault());

// What is in this tab only is lost with it: leaving asks.
addEventListener("beforeunload", (event) => {
  if (!isSafe()) event.preventDefault();
});
