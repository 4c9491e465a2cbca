/** What is too large for memory, in a thread: pulled from a Blob, into a file that is handed over once it is whole, and all of it proven. */

import { detailsOf, errorOf } from "./errors.js";
import type { Arguments, Operations } from "./operations.js";
import type { DecryptedFile, EncryptedFile } from "./thread.js";

/** What TypeScript has for pages, and these are for threads only. */
declare class FileReaderSync {
    readAsArrayBuffer(blob: Blob): ArrayBuffer;
}
interface SyncAccessHandle {
    write(data: Uint8Array, options: { at: number }): number;
    flush(): void;
    close(): void;
}
type ThreadFileHandle = FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncAccessHandle> };

/** How much is read at once: each reading asks another process. */
const PIECE = 1024 * 1024;

/** How the names of files that wait begin. */
const PREFIX = "postseal-";

/** What lets go of the files of this page. Each is locked by its name until then, and so the files of pages that are closed can be told. */
const locks = new Map<string, () => void>();

type Perform = <T>(act: (operations: Operations) => T) => T;

/** The number of an encryption in this thread: there is one at a time, and those of streams have others. */
const ENCRYPTION = 0;

/** Encrypts a Blob into a file of the origin-private file system. */
export function encryptSpooled(
    performed: Perform,
    blob: Blob,
    name: string,
    [recipients, now]: [Arguments<"encrypt">[1], number],
    onProgress: (done: number) => void,
): Promise<EncryptedFile> {
    return spooled(name, (write) => {
        performed((operations) => operations.beginEncryption(ENCRYPTION, recipients, now));
        try {
            const read = reader(blob, onProgress);
            for (let piece = read(PIECE); piece.length > 0; piece = read(PIECE)) {
                const whole = piece;
                write(performed((operations) => operations.writeEncryption(ENCRYPTION, whole)));
            }
            write(performed((operations) => operations.finishEncryption(ENCRYPTION)));
            return {};
        } catch (error) {
            giveUp(performed);
            throw error;
        }
    });
}

/** Wipes an encryption that has failed. After a trap it is gone with the module. */
function giveUp(performed: Perform): void {
    try {
        performed((operations) => operations.dropEncryption(ENCRYPTION));
    } catch {}
}

/** Decrypts a Blob into a file of the origin-private file system. */
export function decryptSpooled(
    performed: Perform,
    blob: Blob,
    name: string,
    [keyring, reading, now]: [Arguments<"decrypt">[1], Arguments<"decrypt">[2], number],
    onProgress: (done: number) => void,
): Promise<DecryptedFile> {
    return spooled(name, (write) => {
        const source = { read: reader(blob, onProgress) };
        const { encryption, signatures } = performed((operations) =>
            operations.decryptTo(source, { write }, keyring, reading, now),
        );
        return { encryption, signatures };
    });
}

/**
 * Makes a new file, and tells its name. A thread only opens it: one that is ended just then would still make it, once it was deleted.
 */
export async function newFile(): Promise<string> {
    const name = PREFIX + crypto.randomUUID();
    try {
        await tidy();
        const folder = await navigator.storage.getDirectory();
        await lock(name);
        await folder.getFileHandle(name, { create: true });
    } catch (error) {
        unlock(name);
        throw errorOf(detailsOf(error));
    }
    return name;
}

/** Deletes a file, if it is still there. */
export async function discard(name: string): Promise<void> {
    try {
        if (!(await isGoneWithin(1_000, name))) {
            // Whoever has waited for a second waits no longer.
            isGoneWithin(60_000, name).catch(() => {});
        }
    } finally {
        unlock(name);
    }
}

/** Whether a file is gone within some milliseconds: at once, unless a thread that was ended has yet to let go of it. */
async function isGoneWithin(time: number, name: string): Promise<boolean> {
    const folder = await navigator.storage.getDirectory();
    const end = performance.now() + time;
    for (;;) {
        try {
            await folder.removeEntry(name);
            return true;
        } catch (error) {
            if ((error as DOMException).name !== "NoModificationAllowedError") {
                return true;
            }
        }
        if (performance.now() > end) {
            return false;
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}

/** A file with what `act` writes. Whoever made it deletes it where that fails. */
async function spooled<T>(name: string, act: (write: (data: Uint8Array) => void) => T): Promise<T & { file: File }> {
    const folder = await navigator.storage.getDirectory();
    const handle = (await folder.getFileHandle(name)) as ThreadFileHandle;
    const access = await handle.createSyncAccessHandle();
    try {
        let length = 0;
        const result = act((data) => {
            for (let rest = data; rest.length > 0; ) {
                const written = access.write(rest, { at: length });
                if (written === 0) {
                    throw new DOMException("the disk is full", "QuotaExceededError");
                }
                length += written;
                rest = rest.subarray(written);
            }
        });
        access.flush();
        return { ...result, file: await handle.getFile() };
    } finally {
        access.close();
    }
}

/** Reads a Blob in larger pieces than it is asked for. */
function reader(blob: Blob, onProgress: (done: number) => void): (most: number) => Uint8Array {
    const files = new FileReaderSync();
    let [piece, offset] = [new Uint8Array(), 0];
    return (most) => {
        if (piece.length === 0 && offset < blob.size) {
            onProgress(offset);
            piece = new Uint8Array(files.readAsArrayBuffer(blob.slice(offset, offset + PIECE)));
            offset += piece.length;
        }
        const read = piece.subarray(0, most);
        piece = piece.subarray(read.length);
        return read;
    };
}

/** Deletes what pages have left behind that were closed, or have failed. */
export async function tidy(): Promise<void> {
    const folder = await navigator.storage.getDirectory();
    const names = [];
    for await (const name of folder.keys()) {
        names.push(name);
    }
    // A file is locked before it is there.
    const { held = [] } = await navigator.locks.query();
    const locked = new Set(held.map(({ name }) => name));
    for (const name of names.filter((name) => name.startsWith(PREFIX) && !locked.has(name))) {
        await folder.removeEntry(name).catch(() => {});
    }
}

/** Takes a lock, and holds it until it is let go of, or the page is closed. */
function lock(name: string): Promise<void> {
    return new Promise((resolve, reject) => {
        const holding = () =>
            new Promise<void>((release) => {
                locks.set(name, release);
                resolve();
            });
        navigator.locks.request(name, holding).catch(reject);
    });
}

function unlock(name: string): void {
    locks.get(name)?.();
    locks.delete(name);
}
