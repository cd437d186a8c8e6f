import * as Comlink from "comlink";
import { installErrorTransfer } from "./border";
import { ExtractorWorker } from "./extractor";
import { LearnerWorker } from "./learner";
import type { Start } from "./protocol";
import { TunerWorker } from "./tuner";

addEventListener(
  "message",
  ({ data }: MessageEvent<Start>) => {
    installErrorTransfer();
    const roles = { learner: LearnerWorker, extractor: ExtractorWorker, tuner: TunerWorker };
    Comlink.expose(new roles[data.role](), data.port);
  },
  { once: true },
);
