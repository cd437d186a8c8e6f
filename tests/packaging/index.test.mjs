// The packed tarball, installed into fresh apps as other people build them; those for browsers run in one Chromium.
import "./tarball.mjs";
import "./checked.mjs";
import "./apps.mjs";
import "./predict.mjs";
