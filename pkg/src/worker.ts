import * as Comlink from "comlink";
import { installErrorTransfer } from "./errors";
import { ExtractorWorker } from "./extractor";
import { LearnerWorker } from "./learner";
import type { Start } from "./protocol";

addEventListener(
  "message",
  ({ data }: MessageEvent<Start>) => {
    installErrorTransfer();
    Comlink.expose(data.role === "learner" ? new LearnerWorker() : new ExtractorWorker(), data.port);
  },
  { once: true },
);
