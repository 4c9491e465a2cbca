/** The browsers that tests run in: Debian's Chromium and Firefox, or those that the environment names. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

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

/**
 * Opens a page in a browser of its own, which downloads into `folder`. What differs between the two drivers is the same here.
 */
export async function open(browser, url, folder) {
    if (browser === "chromium") {
        const program = await chromium.launch({ executablePath: programs.chromium, args: ["--no-sandbox"] });
        const page = await program.newPage({ colorScheme: "dark" });
        page.on("download", (download) => download.saveAs(join(folder, download.suggestedFilename())));
        await page.goto(url);
        return {
            page,
            give: (selector, paths) => page.setInputFiles(selector, paths),
            resize: (width, height) => page.setViewportSize({ width, height }),
            close: () => program.close(),
        };
    }
    const preferences = { "browser.download.dir": folder, "browser.download.folderList": 2 };
    const program = await puppeteer.launch({
        browser: "firefox",
        executablePath: programs.firefox,
        headless: true,
        protocolTimeout: 120_000,
        extraPrefsFirefox: folder ? preferences : {},
    });
    const page = await program.newPage();
    await page.goto(url);
    return {
        page,
        give: async (selector, paths) => (await page.$(selector)).uploadFile(...paths),
        resize: (width, height) => page.setViewport({ width, height }),
        close: () => program.close(),
    };
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
