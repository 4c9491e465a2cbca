/** Runs in a page: the suite, one test at a time, as it is asked for. */

import { run } from "/suite/run.js";

async function fetched(path) {
    const response = await fetch(path);
    if (!response.ok) {
        throw new Error(`${path}: ${response.status}`);
    }
    return response;
}

const faces = { postseal: "/dist/face/index.js", "postseal/worker": "/dist/worker/index.js" };

/** Runs a test with a face; tells what went wrong, or nothing. */
globalThis.runTest = async (face, name) => {
    try {
        await run(name, {
            postseal: await import(faces[face]),
            table: async (name) => (await fetched(`/tables/${name}`)).json(),
            own: async (name) => (await fetched(`/own/${name}`)).json(),
            corpora: (path) => bytes(`/corpora/${encodeURI(path)}`),
            openpgp: () => import("/openpgp/openpgp.min.mjs"),
        });
        return null;
    } catch (error) {
        return `${error?.stack ?? error}`;
    }
};

async function bytes(path) {
    return new Uint8Array(await (await fetched(path)).arrayBuffer());
}
globalThis.isReady = true;
