/** Serves the package, its tests and their data to a page, under rules as strict as it can stand. */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

import { corpora, dist, suite, tables } from "./places.js";

/** No text becomes code, nothing comes from elsewhere; what remains is to compile a WebAssembly module. */
export const policy = [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    "connect-src 'self'",
].join("; ");

const own = new URL("./", import.meta.url);
const folders = { dist, suite, tables, corpora, own, openpgp: new URL("../node_modules/openpgp/dist/", own) };
const types = { js: "text/javascript", mjs: "text/javascript", wasm: "application/wasm", json: "application/json", html: "text/html" };

/** Begins to serve; `close` ends it. */
export async function serve() {
    const server = createServer((request, response) => {
        answer(decodeURI(new URL(request.url, "http://localhost").pathname)).then(
            ({ body, type }) =>
                response.writeHead(200, { "Content-Type": type, "Content-Security-Policy": policy }).end(body),
            () => response.writeHead(404).end(),
        );
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address();
    return {
        url: `http://localhost:${port}/`,
        close: () => {
            server.closeAllConnections();
            return new Promise((resolve) => server.close(resolve));
        },
    };
}

async function answer(path) {
    if (path === "/") {
        return { body: '<!doctype html><title>Postseal</title><script type="module" src="/own/page.js"></script>', type: types.html };
    }
    const [, folder, ...rest] = path.split("/");
    const base = folders[folder];
    const file = new URL(rest.map(encodeURIComponent).join("/"), base);
    if (!base || !file.href.startsWith(base.href)) {
        throw new Error("no such folder");
    }
    return { body: await readFile(file), type: types[path.split(".").pop()] ?? "application/octet-stream" };
}
