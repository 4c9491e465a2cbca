import { invalid, PostsealError } from "./errors.js";

/** What the module can be had from: its bytes, where to fetch it, a response that has it, or the module itself. */
export type ModuleSource = URL | string | Response | BufferSource | WebAssembly.Module;

/** Which of the two modules. */
export type Kind = keyof typeof MARKS;

/** What one of them exports, and the other doesn't. */
const MARKS = { whole: "generateKey", encrypt: "encrypt" } as const;

/**
 * Fetches and compiles a module.
 *
 * @throws PostsealError `not-found` where it can't be fetched; `invalid-input` where it is something else
 */
export async function compile(source: ModuleSource, kind: Kind): Promise<WebAssembly.Module> {
    try {
        return checked(await compiled(source), kind);
    } catch (error) {
        if (error instanceof PostsealError) {
            throw error;
        }
        if (error instanceof WebAssembly.CompileError) {
            throw notThis();
        }
        throw new PostsealError("not-found", `the module can't be fetched: ${error}`, {}, { cause: error });
    }
}

/** The module of these bytes. */
export function compileSync(source: BufferSource | WebAssembly.Module, kind: Kind): WebAssembly.Module {
    try {
        return checked(source instanceof WebAssembly.Module ? source : new WebAssembly.Module(source), kind);
    } catch (error) {
        throw error instanceof WebAssembly.CompileError || error instanceof TypeError ? notThis() : error;
    }
}

/** The module, if it is this one: once another was begun with, all that is done would fail. */
function checked(module: WebAssembly.Module, kind: Kind): WebAssembly.Module {
    const mark = MARKS[kind];
    if (!WebAssembly.Module.exports(module).some(({ name }) => name === mark)) {
        throw notThis();
    }
    return module;
}

function notThis(): PostsealError {
    return invalid("source", "it is no module of this package");
}

async function compiled(source: ModuleSource): Promise<WebAssembly.Module> {
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
