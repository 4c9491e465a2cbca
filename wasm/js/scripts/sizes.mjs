// Prints what of the package is loaded, compressed as a server would, and fails where it is more than was promised.
import { readFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

/** In bytes: what the README names. */
const promised = { postseal: 564_000, encrypt: 349_000 };
const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 } };

const isInstalledRust = process.argv.includes("--installed-rust");

for (const [name, most] of Object.entries(promised)) {
    const module = readFileSync(new URL(`../dist/pkg/${name}_bg.wasm`, import.meta.url));
    const size = brotliCompressSync(module, options).length;
    console.log(`${name}_bg.wasm: ${module.length} bytes, ${size} with brotli (${most} promised)`);
    if (size > most * 1.05) {
        // The installed Rust has a standard library of its own, which is made for speed.
        console.log(isInstalledRust ? "what is published is smaller: its standard library is built for it" : "that is too much");
        process.exitCode = isInstalledRust ? 0 : 1;
    }
}
