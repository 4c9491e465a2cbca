import { compile, compileSync, type ModuleSource } from "./source.js";

/** Loads the module, once. */
export class Loader {
    #loading: Promise<WebAssembly.Module> | undefined;

    /** The module: the one that is here or on its way, or else the one from there. */
    load(source: ModuleSource = new URL("../pkg/postseal_bg.wasm", import.meta.url)): Promise<WebAssembly.Module> {
        this.#loading ??= compile(source, "whole").catch((error: unknown) => {
            // The next one may reach it.
            this.#loading = undefined;
            throw error;
        });
        return this.#loading;
    }

    /** The module from what is at hand. */
    compiled(source: BufferSource | WebAssembly.Module): WebAssembly.Module {
        const module = compileSync(source, "whole");
        this.#loading = Promise.resolve(module);
        return module;
    }
}
