/** What callers may give, as the module takes it. Whatever is something else is refused by its name: nothing is guessed or left out. */

import { isBytes, isTagged } from "../lib/bytes.js";
import { checkSignal, invalid, PostsealError } from "../lib/errors.js";

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

/** By the name of an option, what it has to be. What only one class can be is checked where it is used. */
const OPTIONS = {
    now: isTime,
    signal: isSignal,
    onProgress: (value: unknown) => typeof value === "function",
    armored: (value: unknown) => typeof value === "boolean",
    replace: (value: unknown) => typeof value === "boolean",
    encryptToSelf: (value: unknown) => typeof value === "boolean",
    maxBytes: isCount,
    maxMemory: isCount,
    passphrase: isPassphrase,
    passphrases: (value: unknown) => Array.isArray(value) && value.every(isPassphrase),
    certificates: Array.isArray,
    keyring: isObject,
    signWith: isObject,
    profile: (value: unknown) => typeof value === "string",
    protection: (value: unknown) => typeof value === "string",
} satisfies Record<string, (value: unknown) => boolean>;

/**
 * Checks the options of an operation that takes `names` beside those of all.
 *
 * @throws PostsealError `invalid-input`: with a misspelled `signWith` nothing would be signed
 */
export function checkOptions(options: Options, ...names: (keyof typeof OPTIONS)[]): void {
    if (!isObject(options)) {
        throw invalid("options", "no object");
    }
    const known: string[] = ["now", "signal", ...names];
    for (const [name, value] of Object.entries(options)) {
        if (value === undefined) {
            continue;
        }
        if (!known.includes(name)) {
            throw invalid(name, "there is no such option here");
        }
        if (!OPTIONS[name as keyof typeof OPTIONS](value)) {
            throw invalid(name, "it can't be this");
        }
    }
}

/** What has to be of this class, and of this entry point: what another one has made would stand for something else here. */
export function needed<T extends object>(given: T, type: abstract new (...args: never[]) => T, field: string): T {
    if (given instanceof type) {
        return given;
    }
    throw invalid(field, "it is not of the class that it has to be, or of another entry point");
}

/** A text. */
export function textOf(given: string, field: string): string {
    if (typeof given !== "string") {
        throw invalid(field, "no text");
    }
    return given;
}

/** A fingerprint as it stands in certificates, however it was written. */
export function fingerprintOf(given: string): string {
    return textOf(given, "fingerprint").replaceAll(" ", "").toUpperCase();
}

/** A time, in milliseconds since 1970. */
export function millisecondsOf(given: Date, field: string): number {
    if (!isTime(given)) {
        throw invalid(field, "no time");
    }
    return given.getTime();
}

/** A copy of the bytes of what was given: as in all of the platform, what the caller does with it later changes nothing. */
export async function bytesOf(data: Bytes): Promise<Uint8Array> {
    if (typeof data === "string") {
        return new TextEncoder().encode(data);
    }
    if (isBlob(data)) {
        return new Uint8Array(await data.arrayBuffer());
    }
    if (isBytes(data) || isTagged(data, "ArrayBuffer")) {
        return copyOf(data);
    }
    throw invalid("data", "neither bytes nor a text");
}

/** A Blob or File. */
export function blobOf(given: Blob): Blob {
    if (!isBlob(given)) {
        throw invalid("blob", "no Blob");
    }
    return given;
}

/**
 * All that a stream brings, as a Blob: the browser can put it elsewhere than into memory.
 *
 * @throws PostsealError `limit-exceeded` past `most` bytes, `cancelled`; what the stream fails with goes on as it is
 */
export async function blobFrom(stream: ReadableStream<Uint8Array>, most: number, signal?: AbortSignal): Promise<Blob> {
    if (!isTagged(stream, "ReadableStream") || stream.locked) {
        throw invalid("stream", "no ReadableStream, or one that somebody else reads");
    }
    checkSignal(signal);
    const reader = stream.getReader();
    const giveUp = (why: unknown) => void reader.cancel(why).catch(() => {});
    const abort = () => giveUp(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    const pieces: Blob[] = [];
    let length = 0;
    try {
        for (;;) {
            const { done, value } = await reader.read();
            checkSignal(signal);
            if (done) {
                return new Blob(pieces);
            }
            if (!isBytes(value)) {
                throw invalid("stream", "what it brings is no Uint8Array");
            }
            length += value.length;
            if (length > most) {
                throw new PostsealError("limit-exceeded", `a stream of more than ${most} bytes`, { limit: most });
            }
            pieces.push(new Blob([value as Uint8Array<ArrayBuffer>]));
        }
    } catch (error) {
        giveUp(error);
        throw error;
    } finally {
        signal?.removeEventListener("abort", abort);
    }
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
    if (!passphrases.every(isPassphrase)) {
        throw invalid("passphrase", "neither a text nor bytes");
    }
    // Half a character would become another one, and so would any other half.
    if (passphrases.some((passphrase) => typeof passphrase === "string" && /\p{Surrogate}/u.test(passphrase))) {
        throw invalid("passphrase", "a text that is no Unicode");
    }
    // A Buffer's `slice` would be no copy, and wiping it would wipe the caller's.
    const copies = passphrases.map((passphrase) =>
        typeof passphrase === "string" ? new TextEncoder().encode(passphrase) : new Uint8Array(passphrase),
    );
    try {
        return await act(copies);
    } finally {
        copies.forEach((copy) => copy.fill(0));
    }
}

/** The same bytes, as this realm's. */
export function copyOf(data: Uint8Array | ArrayBuffer): Uint8Array {
    const [buffer, offset, length] = isBytes(data) ? [data.buffer, data.byteOffset, data.byteLength] : [data, 0, data.byteLength];
    try {
        // Of a buffer that was given away there is no view.
        return new Uint8Array(new Uint8Array(buffer, offset, length));
    } catch {
        throw invalid("data", "its buffer was given away");
    }
}

function isObject(value: unknown): value is object {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPassphrase(value: unknown): value is Passphrase {
    return typeof value === "string" || isBytes(value);
}

function isCount(value: unknown): boolean {
    return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTime(value: unknown): value is Date {
    return isTagged(value, "Date") && Number.isFinite(Date.prototype.getTime.call(value));
}

function isSignal(value: unknown): value is AbortSignal {
    return isTagged(value, "AbortSignal");
}

function isBlob(value: unknown): value is Blob {
    return isTagged(value, "Blob") || isTagged(value, "File");
}
