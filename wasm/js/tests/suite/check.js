/** What tests say, in Node and in a page alike. */

export function check(holds, what) {
    if (!holds) {
        throw new Error(`it does not hold that ${what}`);
    }
}

export function same(actual, expected, what = "it") {
    const [is, should] = [stable(actual), stable(expected)];
    if (is !== should) {
        throw new Error(`${what} is ${is}, and should be ${should}`);
    }
}

/** The error that something fails with. */
export async function failure(promise) {
    try {
        await promise;
    } catch (error) {
        return error;
    }
    throw new Error("it should have failed");
}

export function bytesFrom(text) {
    return new TextEncoder().encode(text);
}

export function textOf(bytes) {
    return new TextDecoder().decode(bytes);
}

/** Bytes that look different everywhere, and are the same each time. */
export function noise(length) {
    const bytes = new Uint8Array(length);
    for (let i = 0, state = 1; i < length; i++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        bytes[i] = state >>> 24;
    }
    return bytes;
}

/** JSON, with the names in order. */
function stable(value) {
    const order = (_, value) =>
        value && typeof value === "object" && !Array.isArray(value) && !(value instanceof Date)
            ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
            : value;
    return JSON.stringify(value, order) ?? "undefined";
}
