/** What a thread of the pool does: one operation at a time, as it is told. */

import * as wasm from "../pkg/postseal.js";
import type { DecryptedBlob, Spooled } from "./engine.js";
import { PostsealError, type ErrorDetails, detailsOf } from "./errors.js";
import { guard, guardAll } from "./guard.js";
import { type Arguments, type CallName, Operations } from "./operations.js";
import { decryptSpooled, encryptSpooled } from "./spool.js";

/** What a thread is told. */
export type Order =
    | { readonly do: "start"; readonly id: number; readonly module: WebAssembly.Module }
    | { readonly do: "call"; readonly id: number; readonly name: CallName; readonly args: Arguments<CallName> }
    | {
          readonly do: "decrypt-blob";
          readonly id: number;
          readonly blob: Blob;
          /** How the file is named that it is written to. */
          readonly file: string;
          readonly args: [Arguments<"decrypt">[1], Arguments<"decrypt">[2], number];
      }
    | {
          readonly do: "encrypt-blob";
          readonly id: number;
          readonly blob: Blob;
          /** How the file is named that it is written to. */
          readonly file: string;
          readonly args: [Arguments<"encrypt">[1], number];
      }
    | { readonly do: "give" | "take"; readonly id: number; readonly handle: number; readonly port: MessagePort };

/** What a thread answers. */
export type Answer =
    | { readonly id: number; readonly done: unknown }
    | { readonly id: number; readonly progress: number }
    | { readonly id: number; readonly failed: ErrorDetails; readonly isLost: boolean };

/** What was made of a Blob. */
export type DecryptedFile = Omit<DecryptedBlob, "discard">;
export type EncryptedFile = Omit<Spooled, "discard">;

/** Serves whoever holds the other end. */
export function serve(answer: (answer: Answer, transfer: Transferable[]) => void): (order: Order) => Promise<void> {
    let operations: Operations | undefined;
    const current = (): Operations => {
        if (!operations) {
            throw new PostsealError("internal", "the module was not started");
        }
        return operations;
    };
    // The pool ends a thread in which the module trapped: nothing of it is used again.
    const reset = () => (operations = undefined);
    const performed = <T>(act: (operations: Operations) => T): T => {
        const running = current();
        return guard(() => act(running), reset);
    };
    const done = (id: number, value: unknown) => answer({ id, done: value }, buffersOf(value));

    const obey = async (order: Order): Promise<void> => {
        if (order.do === "start") {
            wasm.initSync({ module: order.module });
            operations = new Operations();
            done(order.id, undefined);
        } else if (order.do === "call") {
            const running = current();
            done(order.id, await guardAll(() => running.perform(order.name, order.args), reset));
        } else if (order.do === "decrypt-blob") {
            const progress = (bytes: number) => answer({ id: order.id, progress: bytes }, []);
            done(order.id, await decryptSpooled(performed, order.blob, order.file, order.args, progress));
        } else if (order.do === "encrypt-blob") {
            const progress = (bytes: number) => answer({ id: order.id, progress: bytes }, []);
            done(order.id, await encryptSpooled(performed, order.blob, order.file, order.args, progress));
        } else if (order.do === "give") {
            const bytes = performed((operations) => operations.dangerousGive(order.handle));
            // The other end closes it: Firefox loses what was posted just before.
            order.port.postMessage(bytes, [bytes.buffer as ArrayBuffer]);
            done(order.id, undefined);
        } else {
            const bytes = await received(order.port);
            performed((operations) => operations.take(order.handle, bytes));
            done(order.id, undefined);
        }
    };
    return async (order) => {
        try {
            await obey(order);
        } catch (error) {
            answer({ id: order.id, failed: detailsOf(error), isLost: operations === undefined }, []);
        } finally {
            wipe(order);
        }
    };
}

function received(port: MessagePort): Promise<Uint8Array> {
    return new Promise((resolve) => {
        port.onmessage = (event: MessageEvent<Uint8Array>) => {
            port.close();
            resolve(event.data);
        };
    });
}

/** What is given to these is secret. */
const SECRET: readonly CallName[] = ["generateKey", "importSecretKeys", "armorSecretKey", "unlock", "unlockUnprotected", "lock"];

/** Wipes the passphrases and secret keys that came with an order. */
function wipe(order: Order): void {
    const visit = (value: unknown, isSecret: boolean): void => {
        if (value instanceof Uint8Array) {
            if (isSecret) {
                value.fill(0);
            }
        } else if (Array.isArray(value)) {
            value.forEach((item) => visit(item, isSecret));
        } else if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
            const fields = Object.entries(value);
            fields.forEach(([name, within]) => visit(within, isSecret || name === "passphrases" || name === "secretKeys"));
        }
    };
    if ("args" in order) {
        visit(order.args, "name" in order && SECRET.includes(order.name));
    }
}

/** The buffers of a result, which move rather than being copied. */
function buffersOf(value: unknown): ArrayBuffer[] {
    const found = new Set<ArrayBuffer>();
    const visit = (value: unknown): void => {
        if (value instanceof Uint8Array) {
            found.add(value.buffer as ArrayBuffer);
        } else if (Array.isArray(value)) {
            value.forEach(visit);
        } else if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
            Object.values(value).forEach(visit);
        }
    };
    visit(value);
    return [...found];
}
