// Prints what of the package is loaded, compressed as a server would, and fails where it is more than was promised.
import { readFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

/** In bytes: what the README names. */
const promised = { postseal: 582_000, encrypt: 426_000 };
const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 } };

for (const [name, most] of Object.entries(promised)) {
    const module = readFileSync(new URL(`../dist/pkg/${name}_bg.wasm`, import.meta.url));
    const size = brotliCompressSync(module, options).length;
    console.log(`${name}_bg.wasm: ${module.length} bytes, ${size} with brotli (${most} promised)`);
    if (size > most * 1.05) {
        process.exitCode = 1;
    }
}
