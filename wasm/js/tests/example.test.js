/** The page of examples/web, as a person uses it: in Chromium and in Firefox. */

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import * as postseal from "../dist/face/index.js";
import { browsers, missing, open } from "./browsers.js";
import { startMailServer } from "./mailserver.js";

const example = fileURLToPath(new URL("../../../examples/web/", import.meta.url));
const pictures = fileURLToPath(new URL("../../../target/screenshots/", import.meta.url));
const ALICE = "alice@example.test";
const BOB = "bob@example.test";
const TEXT = "For your eyes only: the answer is 42.";

const mailProgram = process.env.POSTSEAL_TEST_SERVER;
if (!mailProgram && process.env.CI === "true") {
    throw new Error("POSTSEAL_TEST_SERVER names no server");
}
const noMail = mailProgram ? false : "POSTSEAL_TEST_SERVER names no server: cargo xtask bindings javascript does";

for (const browser of browsers) {
    describe(`the page in ${browser}`, { skip: missing(browser) || noMail }, () => {
        let folder, mail, serving, url, opened, page, bob, bobsRing;

        before(async () => {
            folder = mkdtempSync(join(tmpdir(), "postseal-"));
            mkdirSync(pictures, { recursive: true });
            if (!existsSync(join(example, "node_modules"))) {
                execFileSync("npm", ["ci", "--silent", "--no-audit", "--no-fund"], { cwd: example });
            }
            mail = await startMailServer(mailProgram);
            writeFileSync(join(folder, "ca.pem"), mail.hello.ca);
            const login = `${encodeURIComponent(ALICE)}:${encodeURIComponent(mail.passwords[ALICE])}`;
            const env = {
                ...process.env,
                PORT: "0",
                SMTP_URL: `smtps://${login}@${mail.hello.host}:${mail.hello.smtp.tls}`,
                NODE_EXTRA_CA_CERTS: join(folder, "ca.pem"),
            };
            serving = spawn("node", ["server.js"], { cwd: example, env, stdio: ["ignore", "pipe", "inherit"] });
            url = await new Promise((resolve) => serving.stdout.once("data", (data) => resolve(data.toString().trim())));
            const { key } = await postseal.SecretKey.generate(`Bob <${BOB}>`);
            bob = await key.unlockUnprotected();
            writeFileSync(join(folder, "bob.asc"), await bob.certificate.exportArmored());
            opened = await open(browser, url, folder);
            page = opened.page;
            await page.waitForSelector("html[data-ready]");
        });
        after(async () => {
            await opened?.close();
            serving?.kill();
            await mail?.close();
            rmSync(folder, { recursive: true, force: true });
        });

        const fill = async (selector, text) => {
            await page.focus(selector);
            await page.evaluate((selector) => (document.querySelector(selector).value = ""), selector);
            await page.type(selector, text);
        };
        const told = () => page.evaluate(() => document.querySelector("#status").textContent);
        const until = async (wanted) => {
            for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
                const text = await told();
                if (wanted.test(text)) {
                    return text;
                }
            }
            throw new Error(`the page says ${await told()}, and not ${wanted}`);
        };
        const give = (selector, ...paths) => opened.give(selector, paths);
        const picture = (name) => page.screenshot({ path: join(pictures, `${browser}-${name}.png`), fullPage: true });

        test("a key is made, a certificate is added, and both are remembered", async () => {
            await fill("#new-key input[name=owner]", `Alice <${ALICE}>`);
            await fill("#new-key input[name=passphrase]", "correct horse");
            await page.click("#new-key button");
            await until(/The key is made/);
            await give("#add-keys input[type=file]", join(folder, "bob.asc"));
            await page.click("#add-keys button");
            await until(/1 added/);
            const keys = await page.evaluate(() => document.querySelector("#key-list").textContent);
            assert.match(keys, /Alice <alice@example.test>, your key/);
            assert.match(keys, /Bob <bob@example.test>, certificate/);
            await page.reload();
            await page.waitForSelector("html[data-ready]");
            assert.equal(await page.evaluate(() => document.querySelectorAll("#key-list li").length), 2);
        });

        test("who can read it is seen at once, and without a certificate nothing is sealed", async () => {
            await fill("#write input[name=from]", ALICE);
            await fill("#write input[name=to]", `${BOB}, carol@example.test`);
            await page.waitForFunction(() => document.querySelectorAll("#readers li").length === 2);
            const readers = await page.evaluate(() => [...document.querySelectorAll("#readers li")].map((item) => item.className));
            assert.deepEqual(readers, ["yes", "no"]);
            await fill("#write textarea[name=text]", TEXT);
            await page.click("#write button[value=submit]");
            await until(/carol@example.test/);
            assert.deepEqual(await mail.messages(BOB), []);
        });

        test("a mail is sealed in the page and sent by a server that does not see what is inside", async () => {
            await fill("#write input[name=to]", BOB);
            await fill("#write input[name=subject]", "The answer");
            writeFileSync(join(folder, "answer.txt"), "It is 42, in a file.");
            await give("#write input[type=file]", join(folder, "answer.txt"));
            await page.click("#write button[value=submit]");
            await page.waitForSelector("dialog[open]");
            await picture("unlock");
            await fill("dialog input", "battery staple");
            await page.click("dialog button[value=unlock]");
            await until(/wrong passphrase/);
            await page.click("#write button[value=submit]");
            await page.waitForSelector("dialog[open]");
            await fill("dialog input", "correct horse");
            await page.click("dialog button[value=unlock]");
            await until(/Sealed and sent/);
            await picture("sent");
            const [message] = await mail.messages(BOB);
            for (const secret of ["eyes only", "The answer", "answer.txt"]) {
                assert.ok(!message.toString().includes(secret), secret);
            }
            const [alice] = await postseal.Certificate.importAll(await certificateOfAlice());
            bobsRing = new postseal.Keyring([bob, alice]);
            const { verdict, message: inside } = await postseal.open(new Uint8Array(message), bobsRing);
            assert.equal(verdict.level, "sealed");
            assert.equal(inside.subject, "The answer");
            assert.equal(inside.textBody.text.trim(), TEXT);
            assert.equal(new TextDecoder().decode(inside.attachments[0].data), "It is 42, in a file.");
        });

        /** The page downloaded it when the key was made. */
        const certificateOfAlice = async () => {
            const name = readdirSync(folder).find((name) => /certificate.*asc/.test(name));
            return readFileSync(join(folder, name), "utf8");
        };

        /** The text in a frame that may not have got its document yet. */
        const textIn = async (frame, selector) => {
            const text = (selector) => document.querySelector(selector).textContent;
            for (let tries = 0; tries < 50; tries++) {
                try {
                    return await frame.evaluate(text, selector);
                } catch {
                    await new Promise((resolve) => setTimeout(resolve, 100));
                }
            }
            return frame.evaluate(text, selector);
        };

        test("a message that comes is opened, its HTML loads nothing, and one that was changed is called so", async () => {
            const html = `<p id="inside">It is <b>42</b>.</p><img src="${url}loaded"><script>document.title = "run"</script>`;
            const draft = { from: BOB, to: [ALICE], subject: "Re: The answer", text: "Thank you.", html };
            const sealed = await postseal.seal(draft, bobsRing);
            const [{ bytes }] = sealed.copies;
            writeFileSync(join(folder, "answer.eml"), bytes);
            await give("#read input[type=file]", join(folder, "answer.eml"));
            if (await page.$("dialog[open]")) {
                await fill("dialog input", "correct horse");
                await page.click("dialog button[value=unlock]");
            }
            await until(/The message is sealed/);
            const seen = await page.evaluate(() => ({
                verdict: document.querySelector("#verdict").className,
                fields: document.querySelector("#fields").textContent,
                text: document.querySelector("#text").textContent.trim(),
                title: document.title,
                loaded: performance.getEntriesByType("resource").some(({ name }) => name.endsWith("/loaded")),
            }));
            assert.match(seen.fields, /Re: The answer/);
            assert.deepEqual([seen.verdict, seen.text, seen.title, seen.loaded], ["sealed", "Thank you.", "Sealed mail", false]);
            const frame = page.frames().find((frame) => frame !== page.mainFrame());
            assert.equal(await textIn(frame, "#inside"), "It is 42.");
            await picture("opened");

            const lines = new TextDecoder().decode(bytes).split("\r\n");
            const middle = Math.floor((lines.indexOf("-----BEGIN PGP MESSAGE-----") + lines.indexOf("-----END PGP MESSAGE-----")) / 2);
            lines[middle] = (lines[middle][0] === "A" ? "B" : "A") + lines[middle].slice(1);
            writeFileSync(join(folder, "tampered.eml"), lines.join("\r\n"));
            await give("#read input[type=file]", join(folder, "tampered.eml"));
            await until(/changed|tampered/i);
            assert.ok(await page.evaluate(() => document.querySelector("#opened").hidden), "nothing of it is shown");
        });

        test("it fits a narrow screen, in the dark, and is used by keyboard", async () => {
            await opened.resize(360, 800);
            const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
            assert.equal(overflow, 0);
            await picture("narrow");
            const unnamed = await page.evaluate(() =>
                [...document.querySelectorAll("input, textarea, select, button, progress, iframe")]
                    .filter((element) => !(element.labels?.length || element.ariaLabel || element.title || element.textContent.trim()))
                    .map((element) => element.outerHTML),
            );
            assert.deepEqual(unnamed, []);
            await page.focus("#write input[name=from]");
            await page.keyboard.press("Tab");
            assert.equal(await page.evaluate(() => document.activeElement.name), "to");
        });

        test("when the server is gone it seals all the same", async () => {
            const gone = new Promise((resolve) => serving.once("exit", resolve));
            serving.kill();
            await gone;
            await page.click("#write button[value=download]");
            await until(/^Sealed\.$/);
        });
    });
}
