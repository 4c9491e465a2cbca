/** The page, as a person uses it: in Chromium and in Firefox. */

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import * as postseal from "../../../wasm/js/dist/face/index.js";
import { browsers, missing, open } from "../../../wasm/js/tests/browsers.js";
import { ALICE, BOB, CAROL, noMail, start } from "./support.js";

const pictures = fileURLToPath(new URL("../../../target/screenshots/", import.meta.url));
const NOBODY = "nobody@example.test";
const DAVE = "dave@example.test";
const PASSPHRASE = "correct horse";
const TEXT = "For your eyes only: the answer is 42.";

for (const browser of browsers) {
    describe(`the page in ${browser}`, { skip: missing(browser) || noMail }, () => {
        let site, opened, page, bob, bobsRing;

        before(async () => {
            mkdirSync(pictures, { recursive: true });
            site = await start();
            const { key } = await postseal.SecretKey.generate(`Bob <${BOB}>`);
            bob = await key.unlockUnprotected();
            file("bob.asc", await bob.certificate.exportArmored());
            opened = await open(browser, site.url, site.folder);
            page = opened.page;
            await page.waitForSelector("html[data-ready]");
        });
        after(async () => {
            await opened?.close();
            await site?.close();
        });

        /** Writes a file, and returns where it is. */
        const file = (name, content) => {
            const path = join(site.folder, name);
            writeFileSync(path, content);
            return path;
        };
        /** A file that the page has downloaded, once it is there. */
        const downloaded = async (pattern) => {
            for (const end = Date.now() + 10_000; Date.now() < end; await pause(50)) {
                const name = readdirSync(site.folder).find((name) => pattern.test(name));
                if (name && readFileSync(join(site.folder, name)).length > 0) {
                    return readFileSync(join(site.folder, name));
                }
            }
            throw new Error(`no ${pattern}`);
        };
        const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
        const fill = async (selector, text) => {
            await page.focus(selector);
            await page.evaluate((selector) => (document.querySelector(selector).value = ""), selector);
            await page.type(selector, text);
        };
        const textOf = (selector) => page.evaluate((selector) => document.querySelector(selector).textContent, selector);
        const until = async (wanted) => {
            for (const end = Date.now() + 60_000; Date.now() < end; await pause(50)) {
                const text = await textOf("#status");
                if (wanted.test(text)) {
                    return text;
                }
            }
            throw new Error(`the page says ${await textOf("#status")}, and not ${wanted}`);
        };
        const give = (selector, ...paths) => opened.give(selector, paths);
        const picture = (name) => page.screenshot({ path: join(pictures, `${browser}-${name}.png`), fullPage: true });
        const isFocused = (selector) => page.evaluate((selector) => document.activeElement.matches(selector), selector);
        const reload = async () => {
            await page.reload();
            await page.waitForSelector("html[data-ready]");
        };

        /** Presses a key. Firefox shows a list after each download, which would take it, until another tab has come and gone. */
        const press = async (key) => {
            const hasFocus = () => page.evaluate(() => document.hasFocus());
            if (!(await hasFocus())) {
                await (await page.browser().newPage()).close();
                for (const end = Date.now() + 10_000; !(await hasFocus()) && Date.now() < end; await pause(50));
            }
            await page.keyboard.press(key);
        };

        const unlock = async (passphrase = PASSPHRASE) => {
            await page.waitForSelector("#unlock[open]");
            await fill("#unlock input", passphrase);
            await page.click("#unlock button[value=unlock]");
        };
        /** Gives files with keys, and returns what the page asks. */
        const offer = async (...paths) => {
            await give("#add-keys input[type=file]", ...paths);
            await page.click("#add-keys button");
            await page.waitForSelector("#adding[open]");
            return textOf("#found");
        };
        const add = async (...paths) => {
            const asked = await offer(...paths);
            await page.click("#adding button[value=yes]");
            await until(/added/);
            return asked;
        };
        const draft = async (fields) => {
            for (const [name, value] of Object.entries(fields)) {
                await fill(`#write [name=${name}]`, value);
            }
        };
        const read = (name) => give("#read input[type=file]", join(site.folder, name));

        test("a key is made, a certificate is added, and both are remembered", async () => {
            await fill("#new-key input[name=owner]", `Alice <${ALICE}>`);
            await fill("#new-key input[name=passphrase]", PASSPHRASE);
            await page.click("#new-key button");
            await until(/The key is made/);
            const asked = await offer(join(site.folder, "bob.asc"));
            assert.equal(asked, `Certificate of Bob <${BOB}>. ${bob.fingerprint}`);
            await picture("adding");
            await page.click("#adding button[value='']");
            await until(/Nothing was added/);
            await add(join(site.folder, "bob.asc"));
            const keys = await textOf("#key-list");
            assert.match(keys, /Alice <alice@example.test>, your key/);
            assert.match(keys, /Bob <bob@example.test>, certificate/);
            await reload();
            assert.equal(await page.evaluate(() => document.querySelectorAll("#key-list li").length), 2);
        });

        test("a secret key is backed up, added only where it is ticked, and never replaced", async () => {
            await page.click("#key-list button[aria-label^='Back up']");
            const [backup] = await postseal.SecretKey.importAll(await downloaded(/^secret-key.*asc$/));
            assert.deepEqual([backup.isProtected, backup.certificate.userIds[0].address], [true, ALICE]);
            // The first packet is the primary secret key: its last byte is one of the locked part, or of what it is checked by.
            const damaged = backup.dangerousExportUnprotected();
            damaged[1 + damaged[1]] ^= 1;
            const theirs = await postseal.SecretKey.generate(`Bob <${BOB}>`);
            const planted = file("planted.pgp", theirs.key.dangerousExportUnprotected());
            const asked = await offer(file("damaged.pgp", damaged), planted);
            assert.match(asked, /Certificate of Alice.* Your secret key is stored already, and stays as it is/);
            assert.match(asked, /SECRET KEY WITHOUT A PASSPHRASE of Bob/);
            await picture("secret");
            await page.click("#adding button[value=yes]");
            // What of Alice's is ticked is her certificate.
            await until(/^1 added/);
            assert.equal((await textOf("#key-list")).match(/your key/g).length, 1);
        });

        test("an older certificate does not undo a revocation, and after Forget the focus is in the list", async () => {
            const { key, revocation } = await postseal.SecretKey.generate(`Dave <${DAVE}>`);
            const old = file("dave.asc", await key.certificate.exportArmored());
            await add(file("dave-revoked.asc", await (await key.certificate.revoke(revocation)).exportArmored()));
            assert.match(await textOf("#key-list"), /Dave <dave@example.test>, certificate[^]*revoked/);
            await add(old);
            assert.match(await textOf("#key-list"), /Dave <dave@example.test>, certificate[^]*revoked/);
            await page.focus("#key-list button[aria-label='Forget Dave <dave@example.test>']");
            await press("Enter");
            await until(/is forgotten/);
            assert.ok(await isFocused("#key-list button"));
        });

        test("one's own key is forgotten only by who is sure", async () => {
            await page.click("#key-list button[aria-label^='Forget Alice']");
            await page.waitForSelector("#sure[open]");
            await press("Enter");
            await until(/Nothing was forgotten/);
            assert.match(await textOf("#key-list"), /Alice/);
        });

        test("who can read it is seen at once, and without a certificate nothing is sealed", async () => {
            await draft({ from: ALICE, to: `"Builder, Bob" <${BOB}>, ${CAROL}` });
            await page.waitForFunction(() => document.querySelectorAll("#readers li").length === 2);
            const readers = await page.evaluate(() => [...document.querySelectorAll("#readers li")].map((item) => item.className));
            assert.deepEqual(readers, ["yes", "no"]);
            await page.evaluate(() => (document.querySelector("#readers li").wasThere = true));
            await draft({ text: TEXT });
            await page.type("#write [name=to]", " ");
            await pause(500);
            assert.ok(await page.evaluate(() => document.querySelector("#readers li").wasThere), "what is as it was is left alone");
            await page.click("#write button[value=submit]");
            await until(/carol@example.test/);
            assert.deepEqual(await site.mail.messages(BOB), []);
        });

        test("a mail is sealed in the page and sent by a server that does not see what is inside", async () => {
            await draft({ to: BOB, subject: "The answer" });
            await give("#write input[type=file]", file("answer.txt", "It is 42, in a file."));
            await page.click("#write button[value=submit]");
            await page.waitForSelector("#unlock[open]");
            await picture("unlock");
            await unlock("battery staple");
            await until(/wrong passphrase/);
            await page.click("#write button[value=submit]");
            await page.waitForSelector("#unlock[open]");
            await page.type("#unlock input", "battery staple");
            await press("Escape");
            await until(/^(?!.*(…$|wrong passphrase))/);
            await page.focus("#write button[value=submit]");
            await press("Enter");
            await unlock();
            await until(/Sealed and sent/);
            assert.ok(await isFocused("#write button[value=submit]"));
            await picture("sent");
            const [message] = await site.mail.messages(BOB);
            for (const secret of ["eyes only", "The answer", "answer.txt"]) {
                assert.ok(!message.toString().includes(secret), secret);
            }
            // The page downloaded it when the key was made.
            const [alice] = await postseal.Certificate.importAll(await downloaded(/^certificate.*asc$/));
            bobsRing = new postseal.Keyring([bob, alice]);
            const { verdict, message: inside } = await postseal.open(new Uint8Array(message), bobsRing);
            assert.equal(verdict.level, "sealed");
            assert.equal(inside.subject, "The answer");
            assert.equal(inside.textBody.text.trim(), TEXT);
            assert.equal(new TextDecoder().decode(inside.attachments[0].data), "It is 42, in a file.");
            await page.click("#write button[value=submit]");
            await until(/It is sent already/);
            assert.equal((await site.mail.messages(BOB)).length, 1);
        });

        test("who was refused is named, and to send it again sends it to them alone", async () => {
            const certificates = [CAROL, NOBODY].map(async (address) => (await postseal.SecretKey.generate(address)).key.certificate.exportArmored());
            await add(file("others.asc", (await Promise.all(certificates)).join("\n")));
            await draft({ to: `${BOB}, ${NOBODY}`, bcc: CAROL, subject: "To some" });
            await site.mail.fault({ instead_of: `RCPT TO:<${CAROL}>`, effect: "refuse", text: "450 4.2.1 later", times: 1 });
            await page.click("#write button[value=submit]");
            const told = await until(/Sent to/);
            assert.match(told, /^Sent to bob@example.test\. As far as is known, not sent to nobody@example.test, carol@example.test\./);
            assert.match(told, /nobody@example.test was refused: 550 5.1.1 no such user here\. carol@example.test was refused: 450 4.2.1 later\./);
            assert.deepEqual(await Promise.all([BOB, CAROL].map(async (user) => (await site.mail.messages(user)).length)), [2, 0]);
            await page.click("#write button[value=submit]");
            await until(/^Sent to bob@example.test, carol@example.test\. As far as is known, not sent to nobody@example.test\./);
            assert.deepEqual(await Promise.all([BOB, CAROL].map(async (user) => (await site.mail.messages(user)).length)), [2, 1]);
            await draft({ to: BOB });
            await until(/^bob@example.test, carol@example.test got the letter as it was/);
        });

        test("Stop ends a sending that hangs, the copies behind it are not sent, and the focus is where it was begun", async () => {
            await site.mail.fault({ before: ".", effect: "stall", times: 1 });
            await page.click("#write button[value=submit]");
            await page.waitForSelector("#write .stop:not([hidden])");
            await page.focus("#write .stop");
            for (const end = Date.now() + 10_000; (await site.mail.messages(BOB)).length < 3 && Date.now() < end; await pause(50));
            await press("Enter");
            await until(/^As far as is known, not sent to bob@example.test, carol@example.test\. Whether bob@example.test got it is not known/);
            assert.ok(await isFocused("#write button[value=submit]"));
            assert.equal((await site.mail.messages(CAROL)).length, 1);
        });

        /** The text in a frame that may not have got its document yet. */
        const textIn = async (frame, selector) => {
            const text = (selector) => document.querySelector(selector).textContent;
            for (let tries = 0; tries < 50; tries++) {
                try {
                    return await frame.evaluate(text, selector);
                } catch {
                    await pause(100);
                }
            }
            return frame.evaluate(text, selector);
        };

        test("a message that comes is opened, its HTML loads nothing, and one that was changed is called so", async () => {
            let connections = 0;
            const tracker = createServer((socket) => {
                connections++;
                socket.destroy();
            });
            tracker.listen(0, "127.0.0.1").unref();
            await new Promise((resolve) => tracker.once("listening", resolve));
            const link = `<link rel="preconnect" href="http://127.0.0.1:${tracker.address().port}">`;
            const hidden = `<div><template shadowrootmode="open">${link}</template></div><form><math><mtext></form><form><mglyph><style></math>${link}</style>`;
            const content = `<p id="inside">It is <b>42</b>.</p><img src="http://127.0.0.1:${tracker.address().port}/loaded"><script>document.title = "run"</script>`;
            const html = `${link}<base href="${site.url}">${content}${hidden}`;
            const sealed = await postseal.seal({ from: BOB, to: [ALICE], subject: "Re: The answer", text: "Thank you.", html }, bobsRing);
            const [{ bytes }] = sealed.copies;
            file("answer.eml", bytes);
            await read("answer.eml");
            await until(/The message is sealed/);
            const seen = await page.evaluate(() => ({
                verdict: document.querySelector("#verdict").className,
                fields: document.querySelector("#fields").textContent,
                text: document.querySelector("#text").textContent.trim(),
            }));
            assert.match(seen.fields, /Re: The answer/);
            assert.deepEqual([seen.verdict, seen.text], ["sealed", "Thank you."]);
            const frame = page.frames().find((frame) => frame !== page.mainFrame());
            assert.equal(await textIn(frame, "#inside"), "It is 42.");
            const links = await frame.evaluate(() => {
                const roots = [document, ...[...document.querySelectorAll("*")].map((element) => element.shadowRoot).filter(Boolean)];
                return roots.flatMap((root) => [...root.querySelectorAll("link")]).length;
            });
            await pause(500);
            const title = await frame.evaluate(() => document.title);
            assert.deepEqual([links, connections, title], [0, 0, ""]);
            tracker.close();
            await picture("opened");

            const lines = new TextDecoder().decode(bytes).split("\r\n");
            const middle = Math.floor((lines.indexOf("-----BEGIN PGP MESSAGE-----") + lines.indexOf("-----END PGP MESSAGE-----")) / 2);
            lines[middle] = (lines[middle][0] === "A" ? "B" : "A") + lines[middle].slice(1);
            file("tampered.eml", lines.join("\r\n"));
            await read("tampered.eml");
            await until(/changed|tampered/i);
            assert.ok(await page.evaluate(() => document.querySelector("#opened").hidden), "nothing of it is shown");
        });

        test("a message that was not unlocked is opened again by keyboard, and of two the last is shown", async () => {
            const large = { fileName: "large", mediaType: "application/octet-stream", data: new Uint8Array(12 * 1024 * 1024) };
            const letter = { from: BOB, to: [ALICE], subject: "Slow", text: "Slow.", attachments: [large] };
            file("slow.eml", (await postseal.seal(letter, bobsRing)).copies[0].bytes);
            await reload();
            await read("answer.eml");
            await page.waitForSelector("#unlock[open]");
            await press("Escape");
            await until(/^(?!.*(…$))/);
            await page.focus("#read button");
            await press("Enter");
            await unlock();
            await until(/The message is sealed/);
            await read("slow.eml");
            await read("answer.eml");
            await until(/The message is sealed/);
            await pause(3000);
            assert.equal((await textOf("#text")).trim(), "Thank you.");
        });

        test("two that need the same passphrase ask for it once, and both go on", async () => {
            await reload();
            await draft({ from: ALICE, to: BOB, text: TEXT });
            // Firefox has it there still, and then giving it again is no change.
            await read("answer.eml");
            await page.evaluate(() => ["#read button", "#write button[value=download]"].forEach((button) => document.querySelector(button).click()));
            await unlock();
            await page.waitForSelector("#opened:not([hidden])");
            await downloaded(/^sealed.*eml$/);
            assert.equal(await page.evaluate(() => document.querySelector("#unlock").open), false);
        });

        test("a file is encrypted, and of a decrypted one it is told who signed it", async () => {
            await give("#files input[type=file]", join(site.folder, "answer.txt"));
            await fill("#files input[name=for]", BOB);
            await page.click("#files button[value=encrypt]");
            await until(/^Encrypted/);
            const { data } = await postseal.decrypt(await downloaded(/^answer.*pgp$/), { keyring: bobsRing });
            assert.equal(new TextDecoder().decode(data), "It is 42, in a file.");

            const [alice] = await bobsRing.byAddress(ALICE);
            const { key, revocation } = await postseal.SecretKey.generate(`Dave <${DAVE}>`);
            const dave = await key.unlockUnprotected();
            const decrypted = async (signWith) => {
                await give("#files input[type=file]", file("file.pgp", await postseal.encrypt("Hi.", { certificates: [alice], signWith })));
                await page.click("#files button[value=decrypt]");
                return [await until(/^Decrypted/), await textOf("#signatures")];
            };
            assert.deepEqual(await decrypted(bob), ["Decrypted and signed.", `Signed by Bob <${BOB}>.`]);
            assert.deepEqual(await decrypted(undefined), ["Decrypted. Nothing proves who made it.", ""]);
            const [told, unknown] = await decrypted(dave);
            assert.equal(told, "Decrypted. Nothing proves who made it.");
            assert.match(unknown, /^A signature that can't be checked: the key [0-9A-F]+ is not known here\.$/);
            await add(file("dave-revoked.asc", await (await key.certificate.revoke(revocation)).exportArmored()));
            const [worst, bad] = await decrypted(dave);
            assert.match(worst, /its signature is not good/);
            assert.match(bad, /^A bad signature: /);
        });

        test("a file is worked on once at a time, until Stop", async () => {
            await give("#files input[type=file]", file("large.bin", new Uint8Array(32 * 1024 * 1024)));
            await page.evaluate(() => {
                const [encrypt, decrypt, stop] = document.querySelectorAll("#files button");
                encrypt.click();
                decrypt.click();
                stop.focus();
                stop.click();
            });
            await until(/^Stopped\.$/);
            assert.ok(await isFocused("#files button[value=encrypt]"));
            assert.ok(await page.evaluate(() => document.querySelector("#progress").hidden && document.querySelector("#files .stop").hidden));
        });

        test("a file that is dropped beside a form is not shown in place of the page", async () => {
            const dropped = (selector) =>
                page.evaluate((selector) => {
                    const dataTransfer = new DataTransfer();
                    dataTransfer.items.add(new File(["From: bob@example.test\r\n\r\nHi."], "plain.eml"));
                    const event = () => ({ bubbles: true, cancelable: true, dataTransfer });
                    return ["dragover", "drop"].map((name) => !document.querySelector(selector).dispatchEvent(new DragEvent(name, event())));
                }, selector);
            assert.deepEqual(await dropped("h1"), [true, true]);
            assert.deepEqual(await dropped("#read"), [true, true]);
            await until(/The message is plain/);
        });

        test("it fits a narrow screen, in the dark, and is used by keyboard", async () => {
            await opened.resize(360, 800);
            const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
            assert.equal(overflow, 0);
            await picture("narrow");
            const unnamed = await page.evaluate(() =>
                [...document.querySelectorAll("input, textarea, select, button, progress, iframe")]
                    .filter((element) => !(element.labels?.length || element.ariaLabel || element.title || element.textContent.trim()))
                    .filter((element) => !element.closest("dialog:not([open])"))
                    .map((element) => element.outerHTML),
            );
            assert.deepEqual(unnamed, []);
            await page.focus("#write input[name=from]");
            await press("Tab");
            assert.equal(await page.evaluate(() => document.activeElement.name), "to");
        });

        test("a key that was damaged in the store is named, and can be forgotten", async () => {
            await page.evaluate(async (fingerprint) => {
                const settled = (request) =>
                    new Promise((resolve, reject) => Object.assign(request, { onsuccess: () => resolve(request.result), onerror: reject }));
                const database = await settled(indexedDB.open("postseal-example"));
                const keys = database.transaction("keys", "readwrite").objectStore("keys");
                const row = (await settled(keys.getAll())).find((row) => row.fingerprint === fingerprint);
                row.iv[0] ^= 1;
                await settled(keys.put(row));
                database.close();
            }, bob.fingerprint);
            await reload();
            await until(new RegExp(`what is stored as ${bob.fingerprint} is not what was put there`));
            await page.click(`#key-list button[aria-label='Forget ${bob.fingerprint}']`);
            await until(/is forgotten/);
            assert.match(await textOf("#key-list"), /Alice <alice@example.test>, your key/);
        });

        test("when the server is gone it seals all the same", async () => {
            await draft({ from: ALICE, to: CAROL, text: TEXT });
            await page.click("#write button[value=download]");
            await unlock();
            await until(/^Sealed\.$/);
            await site.stop();
            await page.click("#write button[value=download]");
            await until(/^Sealed\.$/);
        });
    });
}
