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

/** Seals a draft with the keys given, and opens a message with them; all of it as texts. */
globalThis.sealAndOpen = async (face, { secret, certificate, draft, message }) => {
    const postseal = await import(faces[face]);
    const [key] = await postseal.SecretKey.importAll(new Uint8Array(secret));
    const keyring = new postseal.Keyring([await key.unlockUnprotected(), ...(await postseal.Certificate.importAll(new Uint8Array(certificate)))]);
    const { copies } = await postseal.seal(draft, keyring);
    const opened = await postseal.open(message, keyring);
    return {
        sealed: new TextDecoder().decode(copies[0].bytes),
        opened: [opened.verdict.level, opened.message.subject, opened.message.textBody.text],
    };
};

async function bytes(path) {
    return new Uint8Array(await (await fetched(path)).arrayBuffer());
}
globalThis.isReady = true;
