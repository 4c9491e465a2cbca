/** The package as a user gets it: packed, installed into fresh projects, bundled, run; and its types, by a strict sample. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { missing, open } from "./browsers.js";

const own = fileURLToPath(new URL("../", import.meta.url));
let folder;
let packed;

before(() => {
    folder = mkdtempSync(join(tmpdir(), "postseal-"));
    const told = run("npm", ["pack", "--silent", "--pack-destination", folder], own);
    packed = join(folder, told.trim().split("\n").pop());
});
after(() => rmSync(folder, { recursive: true, force: true }));

function run(program, args, cwd) {
    return execFileSync(program, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** A fresh project with the package in it. */
function project(name, files, packages = []) {
    const root = join(folder, name);
    mkdirSync(root);
    writeFileSync(join(root, "package.json"), JSON.stringify({ name, private: true, type: "module" }));
    for (const [file, text] of Object.entries(files)) {
        mkdirSync(join(root, file, ".."), { recursive: true });
        writeFileSync(join(root, file), text);
    }
    run("npm", ["install", "--silent", "--no-audit", "--no-fund", packed, ...packages], root);
    return root;
}

/** What a page does with the package: every entry point, and what came of it in its title. */
const page = `
    import { Keyring, SecretKey, open, seal } from "postseal";
    import * as inWorker from "postseal/worker";
    import { Certificate, encrypt } from "postseal/encrypt";

    async function round({ Keyring, SecretKey, open, seal }) {
        const { key } = await SecretKey.generate("alice@example.org");
        const keyring = new Keyring([key]);
        const sealed = await seal({ from: "alice@example.org", to: ["alice@example.org"], text: "Hi." }, keyring);
        return [(await open(sealed.copies[0].bytes, keyring)).verdict.level, key];
    }
    async function all() {
        const [here, key] = await round({ Keyring, SecretKey, open, seal });
        const [there] = await round(inWorker);
        const certificates = await Certificate.importAll(key.certificate.export());
        const encrypted = await encrypt("Hi.", { certificates });
        return here + " " + there + " " + (encrypted.length > 100);
    }
    all().then((told) => (document.title = told), (error) => (document.title = String(error && error.stack || error)));
`;
const html = '<!doctype html><title>waiting</title><script type="module" src="./main.js"></script>';

test("plain Node uses every entry point", { timeout: 120_000 }, () => {
    const main = `globalThis.document = {};\n${page}\nconst told = () => document.title ? console.log(document.title) : setTimeout(told, 20);\ntold();`;
    const root = project("in-node", { "main.js": main });
    assert.equal(run("node", ["main.js"], root).trim(), "sealed sealed true");
});

test("the first sealed mail of the README is sealed", { timeout: 120_000 }, () => {
    const [, sample] = /```js\n([^]*?)```/.exec(readFileSync(join(own, "README.md"), "utf8"));
    // The page that the sample is in has a certificate of bob's beside it.
    const before = `
        import * as postseal from "postseal";
        const { key: bobs } = await postseal.SecretKey.generate("bob@example.org");
        const certificate = await bobs.certificate.exportArmored();
        const fetched = globalThis.fetch;
        globalThis.fetch = async (url) => (url === "bob.asc" ? new Response(certificate) : fetched(url));
    `;
    const root = project("first-mail", { "before.js": before, "main.js": `import "./before.js";\n${sample}` });
    const told = run("node", ["main.js"], root);
    assert.match(told, /^sealed Hi \{ from: 'alice@example.org', to: \[ 'bob@example.org' \] \}/);
});

test("types are strict, and say what the sample expects", { timeout: 120_000 }, () => {
    const root = project("typed", {});
    cpSync(join(own, "tests/sample.ts"), join(root, "sample.ts"));
    const options = ["--strict", "--noEmit", "--module", "nodenext", "--target", "es2022", "--exactOptionalPropertyTypes", "--types", ""];
    run(join(own, "node_modules/.bin/tsc"), [...options, "--lib", "es2022,dom", "sample.ts"], root);
});

/** Serves a folder for as long as something is done with it. */
async function served(root, act) {
    const types = { html: "text/html", js: "text/javascript", wasm: "application/wasm" };
    const server = createServer((request, response) => {
        const path = new URL(request.url, "http://localhost").pathname;
        try {
            const body = readFileSync(join(root, path === "/" ? "index.html" : path));
            response.writeHead(200, { "Content-Type": types[path.split(".").pop()] ?? types.html }).end(body);
        } catch {
            response.writeHead(404).end();
        }
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
        return await act(`http://localhost:${server.address().port}/`);
    } finally {
        server.closeAllConnections();
        server.close();
    }
}

async function titleIn(root) {
    return served(root, async (url) => {
        const { page, close } = await open("chromium", url);
        try {
            await page.waitForFunction(() => document.title !== "waiting", undefined, { timeout: 30_000 });
            return await page.title();
        } finally {
            await close();
        }
    });
}

const skip = missing("chromium");

test("Vite bundles it", { skip, timeout: 240_000 }, async () => {
    const root = project("with-vite", { "index.html": html, "main.js": page }, ["vite@6"]);
    writeFileSync(join(root, "vite.config.js"), 'export default { build: { target: "es2022" }, worker: { format: "es" } };');
    run("npx", ["vite", "build", "--logLevel", "error"], root);
    assert.equal(await titleIn(join(root, "dist")), "sealed sealed true");
});

test("webpack bundles it", { skip, timeout: 240_000 }, async () => {
    const root = project("with-webpack", { "src/index.js": page }, ["webpack@5", "webpack-cli@6"]);
    run("npx", ["webpack", "--mode", "production", "--target", "web"], root);
    writeFileSync(join(root, "dist/index.html"), html);
    assert.equal(await titleIn(join(root, "dist")), "sealed sealed true");
});

test("what is not used is not bundled", { skip, timeout: 240_000 }, () => {
    const only = 'import { encrypt } from "postseal/encrypt"; globalThis.encrypt = encrypt;';
    const root = project("small", { "index.html": html, "main.js": only }, ["vite@6"]);
    run("npx", ["vite", "build", "--logLevel", "error"], root);
    const modules = readdirSync(join(root, "dist/assets")).filter((name) => name.endsWith(".wasm"));
    assert.deepEqual(modules.map((name) => name.split("_bg")[0]), ["encrypt"]);
});
