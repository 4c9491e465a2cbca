/** The script of a thread. */

import { type Answer, type Order, serve } from "../lib/thread.js";

/** What a thread of a browser has of its page. */
interface ThreadScope {
    onmessage: ((event: MessageEvent<Order>) => void) | null;
    postMessage(answer: Answer, transfer: Transferable[]): void;
}

if (typeof WorkerGlobalScope === "undefined") {
    const { parentPort } = await import(/* @vite-ignore */ /* webpackIgnore: true */ "node:worker_threads");
    const obey = serve((answer, transfer) =>
        parentPort?.postMessage(answer, transfer as import("node:worker_threads").Transferable[]),
    );
    parentPort?.on("message", obey);
} else {
    const scope = globalThis as unknown as ThreadScope;
    const obey = serve((answer, transfer) => scope.postMessage(answer, transfer));
    scope.onmessage = (event) => obey(event.data);
}

declare const WorkerGlobalScope: unknown;
