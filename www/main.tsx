import { createRoot } from "react-dom/client";
import { App } from "./App";
import { open } from "./state/open";
import "./style/index.css";

createRoot(document.getElementById("root")!).render(<App />);
void open();

// A file dropped beside a target would replace the page, and the work with it.
for (const type of ["dragover", "drop"]) addEventListener(type, (event) => event.preventDefault());
