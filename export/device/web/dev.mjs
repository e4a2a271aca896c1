// Builds again at each change and serves the result. The development server of Vite would serve the
// worker as a module, in which LiteRT.js cannot load its WebAssembly.
import { build, preview } from "vite";

await build({ build: { watch: {} } });
(await preview()).printUrls();
