// Puts into `public/` what the page fetches: the WebAssembly of LiteRT.js and a list of the models.
import { copyFile, mkdir, readdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";

const web = import.meta.dirname;
const wasm = path.resolve(path.dirname(createRequire(import.meta.url).resolve("@litertjs/core")), "../wasm");

await mkdir(path.join(web, "public/wasm"), { recursive: true });
// The second pair is for browsers without relaxed SIMD; a browser fetches one of the two.
for (const name of ["litert_wasm_internal", "litert_wasm_compat_internal"]) {
  for (const suffix of ["js", "wasm"]) {
    await copyFile(path.join(wasm, `${name}.${suffix}`), path.join(web, "public/wasm", `${name}.${suffix}`));
  }
}

const models = path.join(web, "public/models");
await mkdir(models, { recursive: true });
const names = (await readdir(models)).filter((name) => name.endsWith(".tflite")).sort();
// A static server lists no folder.
await writeFile(path.join(models, "index.json"), `${JSON.stringify(names)}\n`);
console.log(`models in public/models: ${names.join(", ") || "none; the page will ask for a file"}`);
