import type { ModuleSource } from "../lib/source.js";
import { engine } from "./engine.js";

/**
 * Loads the module. Every operation does so by itself where that has not been done: this is for whoever wants it early, or from elsewhere.
 * `postseal/worker` starts its threads, too, and then works where its server is gone.
 *
 * @param source where the module is, or its bytes; beside the package's own files where nothing is given
 * @throws PostsealError `not-found` where it can't be fetched; `invalid-input` where it is something else
 */
export function init(source?: ModuleSource): Promise<void> {
    return engine.init(source);
}

/**
 * Loads the module from bytes at hand, before it returns. Browsers allow that for 8 MB in the main thread.
 *
 * @throws PostsealError `invalid-input` where they are something else
 */
export function initSync(source: BufferSource | WebAssembly.Module): void {
    engine.startSync(source);
}
