/** A message to be composed, as a page has it and as the module takes it. */

import type { Attachment, Draft as Wire, HeaderField, Mailbox, MailboxLike } from "../pkg/encrypt.js";
import { isBytes } from "../lib/bytes.js";
import { invalid } from "../lib/errors.js";
import { bytesOf, copyOf, millisecondsOf, textOf } from "./input.js";

/** A message to be composed. Everything in it is checked when it is sealed. */
export interface Draft extends Lent<Omit<Wire, "from" | "attachments" | "inline">> {
    /** Who the message is from. */
    readonly from: MailboxLike;
    /** Files: as a page has them, or with what a message says of them. */
    readonly attachments?: readonly (Attachment | File)[] | undefined;
    /** What is shown within the body: by its Content-ID, where the HTML body refers to it as `cid:…`. */
    readonly inline?: readonly Attachment[] | undefined;
}

/** The same fields, of which nothing is changed, and each may be undefined. */
type Lent<T> = { readonly [Name in keyof T]?: (T[Name] extends (infer Item)[] | undefined ? readonly Item[] : T[Name]) | undefined };

/** Makes of what was given for a field what the module takes. */
type Taking = (given: never, field: string) => unknown;

// The compiler sees to it that no name is missing in these.
const MAILBOX: Record<keyof Mailbox, Taking> = { address: textOf, name: textOf };
const HEADER: Record<keyof HeaderField, Taking> = { name: textOf, value: textOf };
const ATTACHMENT: Record<keyof Attachment, Taking> = { fileName: textOf, mediaType: textOf, contentId: textOf, data: bytesIn };
const DRAFT: Record<keyof Wire, Taking> = {
    from: mailboxOf,
    to: each(mailboxOf),
    cc: each(mailboxOf),
    bcc: each(mailboxOf),
    replyTo: each(mailboxOf),
    subject: textOf,
    text: textOf,
    html: textOf,
    attachments: each((file: Attachment | File) => file),
    inline: each((file: Attachment | File) => file),
    inReplyTo: each(textOf),
    references: each(textOf),
    headers: each((given: HeaderField, field) => fieldsOf(given, HEADER, field)),
    date: (given: Date, field) => new Date(millisecondsOf(given, field)),
    offsetMinutes: numberOf,
    messageId: textOf,
};

/**
 * A draft as the module takes it.
 *
 * @throws PostsealError `invalid-input` for what no draft has: a misspelled `bcc` would be sealed without its recipients
 */
export async function wireOf(draft: Draft): Promise<Wire> {
    const wire = fieldsOf(draft, DRAFT) as unknown as Wire;
    if (wire.from === undefined) {
        throw invalid("from", "a draft needs one");
    }
    // All of them are taken as they are now.
    const [attachments, inline] = await Promise.all([filesOf(wire, "attachments"), filesOf(wire, "inline")]);
    return { ...wire, attachments, inline };
}

/** A mailbox as the module takes it. */
export function mailboxOf(given: MailboxLike, field: string): MailboxLike {
    return typeof given === "string" ? given : (fieldsOf(given, MAILBOX, field) as unknown as Mailbox);
}

function filesOf(wire: Wire, field: "attachments" | "inline"): Promise<Attachment[]> {
    return Promise.all((wire[field] ?? []).map((file: Attachment | File) => attachmentOf(file, field)));
}

async function attachmentOf(file: Attachment | File, field: string): Promise<Attachment> {
    if (!(typeof File !== "undefined" && file instanceof File)) {
        return fieldsOf(file, ATTACHMENT, field) as unknown as Attachment;
    }
    return { fileName: file.name, mediaType: file.type || "application/octet-stream", data: await bytesOf(file) };
}

/** The fields of something, each of them known. To leave one out and to give undefined is the same. */
function fieldsOf(given: object, known: Record<string, Taking>, within?: string): Record<string, unknown> {
    if (typeof given !== "object" || given === null) {
        throw invalid(within ?? "draft", "no object");
    }
    const fields = Object.entries(given).filter(([, value]) => value !== undefined);
    return Object.fromEntries(
        fields.map(([name, value]) => {
            const taking = Object.hasOwn(known, name) && known[name];
            if (!taking) {
                throw invalid(within ?? name, `there is no field ${name}`);
            }
            return [name, taking(value as never, within ?? name)];
        }),
    );
}

function each<T>(one: (given: T, field: string) => unknown): (given: readonly T[], field: string) => unknown[] {
    return (given, field) => {
        if (!Array.isArray(given)) {
            throw invalid(field, "no array");
        }
        return given.map((item: T) => one(item, field));
    };
}

function numberOf(given: number, field: string): number {
    if (!Number.isFinite(given)) {
        throw invalid(field, "no number");
    }
    return given;
}

function bytesIn(given: Uint8Array, field: string): Uint8Array {
    if (!isBytes(given)) {
        throw invalid(field, "a file whose data are no bytes");
    }
    return copyOf(given);
}
