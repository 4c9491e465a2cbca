import type { Failure, MissingCertificate } from "../pkg/postseal.js";

/** The stable codes, the same in every language (docs/errors.md has all of them; a module without a network meets these). */
export type ErrorCode =
    | "already-exists"
    | "cancelled"
    | "closed"
    | "file"
    | "internal"
    | "invalid-input"
    | "key-missing"
    | "limit-exceeded"
    | "malformed"
    | "not-found"
    | "refused"
    | "tampered"
    | "unsupported"
    | "wrong-passphrase";

/** What an error knows beside its code and its text. */
type Details = Partial<Omit<Failure, "code" | "message">>;

/** An error as it crosses between threads. */
export interface ErrorDetails extends Details {
    readonly code: ErrorCode;
    readonly message: string;
}

/** Why an operation failed. `code` is for programs, `message` for people; neither ever holds a secret. */
export class PostsealError extends Error {
    /** The stable code. */
    readonly code: ErrorCode;
    /** What was given and can't be used, where that is to blame. */
    readonly field: string | undefined;
    /** The limit that was passed. */
    readonly limit: number | undefined;
    /** Everyone to whom nothing can be encrypted. */
    readonly missing: readonly MissingCertificate[];
    /** The keys that would do, or the one that doesn't. */
    readonly keys: readonly string[];
    /** Whether a passphrase would do, too. */
    readonly takesPassphrase: boolean;

    constructor(code: ErrorCode, message: string, details: Details = {}, options?: ErrorOptions) {
        super(message, options);
        // What was cancelled by a signal is known by this name everywhere on the web.
        this.name = code === "cancelled" ? "AbortError" : "PostsealError";
        this.code = code;
        this.field = details.field;
        this.limit = details.limit;
        this.missing = details.missing ?? [];
        this.keys = details.keys ?? [];
        this.takesPassphrase = details.takesPassphrase ?? false;
    }
}

/** Whether something is what the module throws. */
export function isFailure(thrown: unknown): thrown is Failure {
    return typeof thrown === "object" && thrown !== null && "code" in thrown && "takesPassphrase" in thrown;
}

/** The error that a failure of the module, or one of another thread, is. */
export function errorOf(failure: Failure | ErrorDetails): PostsealError {
    return new PostsealError(failure.code as ErrorCode, failure.message, failure);
}

/** What crosses of an error. */
export function detailsOf(error: unknown): ErrorDetails {
    if (error instanceof PostsealError) {
        const { code, message, field, limit, missing, keys, takesPassphrase } = error;
        const known = { code, message, missing: [...missing], keys: [...keys], takesPassphrase };
        return { ...known, ...(field !== undefined && { field }), ...(limit !== undefined && { limit }) };
    }
    return { code: isFileError(error) ? "file" : "internal", message: String(error) };
}

/** What a file that can't be read throws, a disk that is full, or a browser that keeps no files of this page. */
function isFileError(error: unknown): boolean {
    const names = [
        "NotReadableError",
        "NotFoundError",
        "QuotaExceededError",
        "InvalidStateError",
        "NoModificationAllowedError",
        "SecurityError",
        "NotAllowedError",
    ];
    return error instanceof DOMException && names.includes(error.name);
}

/** The error for what was given as `field` and can't be used. */
export function invalid(field: string, why: string): PostsealError {
    return new PostsealError("invalid-input", `invalid ${field}: ${why}`, { field });
}

/** The error of an operation whose signal was aborted. */
export function cancelled(signal: AbortSignal): PostsealError {
    return new PostsealError("cancelled", "the operation was cancelled", {}, { cause: signal.reason });
}

/**
 * Whether the module is not to be used again: it has trapped, the stack was at its end, or there was no memory for what it asked for, and it
 * was left in the middle of something. Firefox has a class of its own for the stack.
 */
export function isTrap(error: unknown): boolean {
    return error instanceof WebAssembly.RuntimeError || error instanceof RangeError || (error as Error | null)?.name === "InternalError";
}

/** The error after a trap: a defect of ours, or no memory left. */
export function trapped(cause: unknown): PostsealError {
    return new PostsealError("internal", "the module has stopped and is started anew", {}, { cause });
}

/** Throws where the signal is aborted. */
export function checkSignal(signal: AbortSignal | undefined): void {
    if (signal?.aborted) {
        throw cancelled(signal);
    }
}
