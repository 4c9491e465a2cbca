/**
 * `node bench/run.js [--rounds N] [--browser]`: Postseal beside OpenPGP.js in one run, in Node or in Chromium.
 */

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";

import * as openpgp from "openpgp";

import * as postseal from "../dist/face/index.js";
import { open } from "../tests/browsers.js";
import { jobs, measure, table } from "./jobs.js";

const rounds = Number(process.argv[process.argv.indexOf("--rounds") + 1]) || 3;

if (process.argv.includes("--browser")) {
    const root = new URL("../", import.meta.url);
    const types = { js: "text/javascript", mjs: "text/javascript", wasm: "application/wasm" };
    const server = createServer(async (request, response) => {
        const path = request.url.slice(1) || "index.html";
        try {
            const body = path === "index.html" ? "<!doctype html><title>bench</title>" : await readFile(new URL(path, root));
            response.writeHead(200, { "Content-Type": types[path.split(".").pop()] ?? "text/html" }).end(body);
        } catch {
            response.writeHead(404).end();
        }
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { page, close } = await open("chromium", `http://localhost:${server.address().port}/`);
    const { key } = await postseal.SecretKey.generate("alice@example.test", { profile: "modern" });
    const certificate = await key.certificate.exportArmored();
    const { rows, first } = await page.evaluate(async ({ rounds, certificate }) => {
        const begun = performance.now();
        const postseal = await import("/dist/face/index.js");
        await postseal.encrypt("first", { certificates: await postseal.Certificate.importAll(certificate) });
        const first = performance.now() - begun;
        const openpgp = await import("/node_modules/openpgp/dist/openpgp.min.mjs");
        const { jobs, measure } = await import("/bench/jobs.js");
        return { rows: await measure(await jobs(postseal, openpgp), rounds), first };
    }, { rounds, certificate });
    console.log(`in Chromium\n\n${table(rows)}\n\nfrom the import to the first encryption, with nothing loaded: ${first.toFixed(0)} ms`);
    await close();
    server.close();
} else {
    console.log(`in Node ${process.version}\n\n${table(await measure(await jobs(postseal, openpgp), rounds))}`);
}
