/** Runs the whole suite in whatever this is, and tells what became of each test. */

import { behaviour, threads } from "./behaviour.js";
import { same } from "./check.js";
import { data } from "./data.js";
import { pages, threadsOfPages } from "./pages.js";
import { scenarios } from "./scenarios.js";
import { vectors } from "./vectors.js";

/** The names of all tests that have a meaning there. */
export function names({ isPage, isWorker }) {
    const everywhere = [scenarios, vectors, data, behaviour];
    const there = [isPage && pages, isWorker && threads, isPage && isWorker && threadsOfPages];
    return [...everywhere, ...there].flatMap((tests) => Object.keys(tests || {}));
}

/**
 * Runs one test.
 *
 * @param context what a test has: `postseal`, `table(name)` for tests/vectors, `corpora(path)` for what others have made, `openpgp()` for OpenPGP.js
 */
export async function run(name, context) {
    const scenario = scenarios[name];
    if (scenario) {
        return runScenario(scenario, name, context);
    }
    await { ...vectors, ...data, ...behaviour, ...threads, ...pages, ...threadsOfPages }[name](context);
}

/** Every expectation that has a meaning here is met by the scenario, and looked at. */
async function runScenario(scenario, name, context) {
    const { scenarios: all } = await context.table("scenarios.json");
    const { expectations: meaningless } = await context.own("scenarios.json");
    const { given, expect } = all.find((scenario) => scenario.name === name);
    const open = new Map(Object.entries(expect).filter(([fact]) => !meaningless.includes(fact)));
    await scenario(context, {
        given,
        expect: (facts) => {
            for (const [fact, value] of Object.entries(facts)) {
                const expected = open.get(fact);
                typeof value === "function" ? same(value(expected), true, fact) : same(value, expected, fact);
                open.delete(fact);
            }
        },
    });
    same([...open.keys()], [], "what was not looked at");
}
