// Whose code is in a wasm module: bytes of its functions by crate, from its code and name sections.

const CUSTOM = 0;
const IMPORTS = 2;
const CODE = 10;
const DATA = 11;
const OF_FUNCTIONS = 1;
const STD = new Set(["core", "alloc", "std", "hashbrown", "compiler_builtins", "dlmalloc"]);

/** `module`: as cargo links it, with its names. → `[{ crate, bytes }]`, the largest first; constants are a row too. */
export function bytesByCrate(module) {
  let at = 8;
  const number = () => {
    let [value, scale, byte] = [0, 1, 128];
    for (; byte & 128; scale *= 128) {
      byte = module[at++];
      value += (byte & 127) * scale;
    }
    return value;
  };
  const text = () => {
    const size = number();
    return module.toString("utf8", at, (at += size));
  };
  const sizes = [];
  const names = new Map();
  const totals = new Map();
  const count = (crate, bytes) => totals.set(crate, (totals.get(crate) ?? 0) + bytes);
  let imported = 0;
  while (at < module.length) {
    const id = module[at++];
    const size = number();
    const end = at + size;
    // A module and a name each, then what kind of thing it is: cargo's imports are all functions.
    if (id === IMPORTS) imported = number();
    if (id === CODE) {
      for (let left = number(); left > 0; left--) {
        const bytes = number();
        sizes.push(bytes);
        at += bytes;
      }
    }
    if (id === DATA) count("(constants)", size);
    if (id === CUSTOM && text() === "name") {
      while (at < end) {
        const part = module[at++];
        const next = number() + at;
        if (part === OF_FUNCTIONS) for (let left = number(); left > 0; left--) names.set(number(), text());
        at = next;
      }
    }
    at = end;
  }
  if (names.size === 0) return undefined;
  sizes.forEach((bytes, i) => {
    const name = names.get(imported + i) ?? "";
    // Bindgen runs these and takes them out again.
    if (!name.startsWith("__wbindgen_describe")) count(crateOf(name), bytes);
  });
  return [...totals].map(([crate, bytes]) => ({ crate, bytes })).sort((a, b) => b.bytes - a.bytes);
}

/** The first crate in a mangled name: a generic function is the crate's that wrote it, an implementation the type's. */
export function crateOf(symbol) {
  const plain = symbol
    .replace(/^_ZN\d+/, "")
    .replace(/\.\./g, "::")
    .replace(/\$(LT|GT|RF|BP|LP|RP|C|u\w+)\$/g, " ");
  // `_R…`: Rust's newer mangling, where a crate is `C`, its hash, and its name with the length before it.
  const newer = symbol.startsWith("_R") && symbol.match(/C(?:s\w*?_)?(\d+)_?(\w+)/);
  const name = newer ? newer[2].slice(0, newer[1]) : (plain.match(/([a-z]\w*)::/) ?? plain.match(/^([a-z]\w*?)(?=\d)/))?.[1];
  if (!name) return "(no crate)";
  return STD.has(name) ? "core, alloc, std" : name;
}
