import { PostsealError } from "./errors.js";

/** What the module can be had from: its bytes, where to fetch it, a response that has it, or the module itself. */
export type ModuleSource = URL | string | Response | BufferSource | WebAssembly.Module;

/** Fetches and compiles a module. */
export async function compile(source: ModuleSource): Promise<WebAssembly.Module> {
    if (source instanceof WebAssembly.Module) {
        return source;
    }
    if (typeof source === "string" || source instanceof URL) {
        // As the page has it.
        return compileFrom(new URL(source, globalThis.location?.href));
    }
    if (source instanceof Response) {
        return compileResponse(source);
    }
    return WebAssembly.compile(source);
}

async function compileFrom(url: URL): Promise<WebAssembly.Module> {
    if (url.protocol === "file:") {
        // Node and Deno fetch no files. No bundler shall look for this module.
        const { readFile } = await import(/* @vite-ignore */ /* webpackIgnore: true */ "node:fs/promises");
        return WebAssembly.compile(await readFile(url));
    }
    return compileResponse(await fetch(url));
}

async function compileResponse(response: Response): Promise<WebAssembly.Module> {
    if (!response.ok) {
        throw new PostsealError("not-found", `the module can't be fetched from ${response.url}: ${response.status}`);
    }
    if (response.headers.get("Content-Type")?.startsWith("application/wasm")) {
        return WebAssembly.compileStreaming(response);
    }
    // Many servers don't know the type; it is compiled after the last byte then.
    return WebAssembly.compile(await response.arrayBuffer());
}
