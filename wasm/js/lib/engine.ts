/** Where the module runs, as the face sees it: in this thread, or in others. */

import type { Arguments, CallName, Result } from "./operations.js";
import type { ModuleSource } from "./source.js";

/** What goes with a call. */
export interface CallOptions {
    /** Ends the call early. */
    readonly signal?: AbortSignal | undefined;
    /** Bytes that nobody here needs any more: they move to the other thread, if there is one. */
    readonly transfer?: readonly Uint8Array[];
    /** Calls of one encryption are made where it is. */
    readonly session?: number;
}

/** What goes with long work. */
export interface LongOptions {
    readonly signal?: AbortSignal | undefined;
    /** Is told how many bytes are done. */
    readonly onProgress: (done: number) => void;
}

/** A Blob that may be behind a file of the origin-private file system. */
export interface Spooled {
    /** What was made. */
    readonly file: Blob;
    /**
     * Deletes what is behind the file, once it is no longer needed. What a page leaves behind when it is closed is deleted when a page of the
     * same origin begins to use the package.
     */
    discard(): Promise<void>;
}

/** What a Blob was decrypted into: all of it is proven. */
export interface DecryptedBlob extends Omit<Result<"decrypt">, "data">, Spooled {}

export interface Engine {
    /** Loads the module, if that isn't done, and all that operations would wait for then. */
    init(source?: ModuleSource): Promise<void>;
    /** Loads the module from what is at hand. */
    startSync(source: BufferSource | WebAssembly.Module): void;
    /** Does one operation. */
    call<Name extends CallName>(
        name: Name,
        args: Arguments<Name>,
        options?: CallOptions,
    ): Promise<Result<Name>>;
    /** Encrypts what is too large for memory. */
    encryptBlob(
        blob: Blob,
        recipients: Arguments<"encrypt">[1],
        now: number,
        options: LongOptions,
    ): Promise<Spooled>;
    /** Decrypts what is too large for memory. */
    decryptBlob(
        blob: Blob,
        keyring: Arguments<"decrypt">[1],
        reading: Arguments<"decrypt">[2],
        now: number,
        options: LongOptions,
    ): Promise<DecryptedBlob>;
}
