/** What callers may give, as the module takes it. */

import { PostsealError } from "../lib/errors.js";

/** Bytes in any of the forms that a page has them in; a text is taken in UTF-8. */
export type Bytes = Uint8Array | ArrayBuffer | Blob | string;

/** A passphrase. Bytes can be wiped by whoever made them, a text can't. */
export type Passphrase = string | Uint8Array;

/** What goes with every operation. */
export interface Options {
    /** When it is; now where nothing is given. */
    readonly now?: Date | undefined;
    /** Ends the operation early, with the code `cancelled`. */
    readonly signal?: AbortSignal | undefined;
}

/** The bytes of what was given. */
export async function bytesOf(data: Bytes): Promise<Uint8Array> {
    if (data instanceof Uint8Array) {
        return data;
    }
    if (typeof data === "string") {
        return new TextEncoder().encode(data);
    }
    if (data instanceof ArrayBuffer) {
        return new Uint8Array(data);
    }
    if (data instanceof Blob) {
        return new Uint8Array(await data.arrayBuffer());
    }
    throw new PostsealError("invalid-input", "invalid data: neither bytes nor a text", { field: "data" });
}

/** When it is, in milliseconds since 1970. */
export function timeOf(options: Options): number {
    return options.now?.getTime() ?? Date.now();
}

/** Does something with the bytes of passphrases, of which no copy stays. */
export async function withPassphrases<T>(
    passphrases: readonly Passphrase[],
    act: (bytes: Uint8Array[]) => Promise<T>,
): Promise<T> {
    const copies = passphrases.map((passphrase) =>
        typeof passphrase === "string" ? new TextEncoder().encode(passphrase) : passphrase.slice(),
    );
    try {
        return await act(copies);
    } finally {
        copies.forEach((copy) => copy.fill(0));
    }
}
