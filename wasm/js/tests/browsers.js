/** The browsers that tests run in: Debian's Chromium and Firefox, or those that the environment names. */

import { existsSync, readdirSync, readFileSync } from "node:fs";

import { chromium } from "playwright-core";
import puppeteer from "puppeteer-core";

function found(variable, ...paths) {
    return [process.env[variable], ...paths].find((path) => path && existsSync(path));
}

const programs = {
    chromium: found("POSTSEAL_CHROMIUM", "/usr/bin/chromium", "/usr/bin/google-chrome"),
    firefox: found("POSTSEAL_FIREFOX", "/usr/bin/firefox-esr", "/usr/bin/firefox"),
};

export const browsers = Object.keys(programs);

/** Why a browser can't be used here; nothing where it can. */
export function missing(browser) {
    if (programs[browser]) {
        return false;
    }
    if (process.env.CI === "true") {
        throw new Error(`${browser} is not installed`);
    }
    return `${browser} is not installed`;
}

/** Opens a page in a browser of its own. `evaluate` and `screenshot` are the same in both; `close` ends all of it. */
export async function open(browser, url) {
    if (browser === "chromium") {
        const program = await chromium.launch({ executablePath: programs.chromium, args: ["--no-sandbox"] });
        const page = await program.newPage();
        await page.goto(url);
        return { page, close: () => program.close() };
    }
    const program = await puppeteer.launch({ browser: "firefox", executablePath: programs.firefox, headless: true, protocolTimeout: 120_000 });
    const page = await program.newPage();
    await page.goto(url);
    return { page, close: () => program.close() };
}

/** The most memory, in MB, that a process which shows pages has had. */
export function mostMemory() {
    const sizes = readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .map((process) => {
            try {
                const command = readFileSync(`/proc/${process}/cmdline`, "utf8");
                const status = readFileSync(`/proc/${process}/status`, "utf8");
                const isPage = /--type=renderer|-isForBrowser/.test(command);
                return isPage ? Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024 : 0;
            } catch {
                // It has ended meanwhile.
                return 0;
            }
        });
    return Math.max(...sizes);
}
