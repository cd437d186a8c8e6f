// All browser tests in one process, so that they share one Chromium.
import "./face.mjs";
import "./gpu.mjs";
import "./text.mjs";
import "./judge.mjs";
import "./labels.mjs";
import "./tune.mjs";
import "./gputune.mjs";
import "./exports.mjs";
import "./page.mjs";
import "./collect.mjs";
import "./keyboard.mjs";
import "./states.mjs";
import "./textpage.mjs";
import "./judgepage.mjs";
import "./numberpage.mjs";
import "./furtherpage.mjs";
