/** A message to be composed, as a page has it and as the module takes it. */

import { PostsealError } from "../lib/errors.js";
import type { Attachment, Draft as Wire } from "../pkg/encrypt.js";

/** A message to be composed. Everything in it is checked when it is sealed. */
export interface Draft extends Omit<Wire, "attachments" | "inline"> {
    /** Files: as a page has them, or with what a message says of them. */
    readonly attachments?: readonly (Attachment | File)[];
    /** What is shown within the body: by its Content-ID, where the HTML body refers to it as `cid:…`. */
    readonly inline?: readonly Attachment[];
}

// The compiler sees to it that no name is missing here.
const DRAFT: Record<keyof Wire, true> = {
    from: true,
    to: true,
    cc: true,
    bcc: true,
    replyTo: true,
    subject: true,
    text: true,
    html: true,
    attachments: true,
    inline: true,
    inReplyTo: true,
    references: true,
    headers: true,
    date: true,
    offsetMinutes: true,
    messageId: true,
};
const ATTACHMENT: Record<keyof Attachment, true> = { fileName: true, mediaType: true, contentId: true, data: true };

/**
 * A draft as the module takes it.
 *
 * @throws PostsealError `invalid-input` for what no draft has: a misspelled `bcc` would be sealed without its recipients
 */
export async function wireOf(draft: Draft): Promise<Wire> {
    const given = { ...draft, attachments: draft.attachments ?? [], inline: draft.inline ?? [] };
    const wire = { ...known(given, DRAFT), attachments: await files(given, "attachments"), inline: await files(given, "inline") };
    return wire as unknown as Wire;
}

function files(draft: Required<Pick<Draft, "attachments" | "inline">>, field: "attachments" | "inline"): Promise<Attachment[]> {
    return Promise.all([...draft[field]].map((file) => attachmentOf(file, field)));
}

async function attachmentOf(file: Attachment | File, field: string): Promise<Attachment> {
    if (!(typeof File !== "undefined" && file instanceof File)) {
        return known(file as Attachment, ATTACHMENT, field);
    }
    const data = new Uint8Array(await file.arrayBuffer());
    return { fileName: file.name, mediaType: file.type || "application/octet-stream", data };
}

/** To leave a field out and to give undefined is the same. */
function known<T extends object>(given: T, names: Record<string, true>, within?: string): T {
    const fields = Object.entries(given).filter(([, value]) => value !== undefined);
    const unknown = fields.map(([name]) => name).find((name) => !Object.hasOwn(names, name));
    if (unknown !== undefined) {
        const [field, why] = within ? [within, `a file has no field ${unknown}`] : [unknown, "a draft has no such field"];
        throw new PostsealError("invalid-input", `invalid ${field}: ${why}`, { field });
    }
    return Object.fromEntries(fields) as T;
}
