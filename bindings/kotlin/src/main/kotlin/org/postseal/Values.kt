@file:JvmName("Values")

package org.postseal

import org.postseal.ffi.Attachment as NativeAttachment
import org.postseal.ffi.Draft as NativeDraft

// Values whose generated classes are what we would write ourselves. For Java they are in org.postseal.ffi.

/** Whom mail comes from or goes to: an address, and a display name where there is one. */
public typealias Mailbox = org.postseal.ffi.Mailbox

/** Who a message comes from and whom it goes to, as the servers see it. A Bcc recipient stands here and in no header. */
public typealias Envelope = org.postseal.ffi.Envelope

/** A header field: of a draft, or of a message that came. */
public typealias HeaderField = org.postseal.ffi.HeaderField

/** What an address field holds: the valid mailboxes, and the texts of the entries that are none. */
public typealias AddressList = org.postseal.ffi.AddressList

/** Text of a message, decoded. */
public typealias Text = org.postseal.ffi.Text

/** Who a certificate says it belongs to. It is a claim by the holder of the key, no more. */
public typealias UserId = org.postseal.ffi.UserId

/** The date of a message: a point in time, in whole seconds, and the UTC offset, in minutes, of the place where it was written. */
public typealias MessageDate = org.postseal.ffi.MessageDate

/** Somebody to whom nothing can be encrypted, and why. */
public typealias MissingCertificate = org.postseal.ffi.MissingCertificate

/**
 * Reads `a@b`, `<a@b>`, `Name <a@b>` or `"Name" <a@b>`.
 *
 * @throws PostsealException.InvalidInput where it is not exactly one mailbox.
 */
@Throws(PostsealException::class)
public fun parseMailbox(text: String): Mailbox = native { org.postseal.ffi.parseMailbox(text) }

/**
 * A message to be composed. Everything in it is checked when it is sealed.
 *
 * @property from who the message is from.
 * @property to the recipients in the `To` field.
 * @property cc the recipients in the `Cc` field.
 * @property bcc recipients of whom nobody else learns.
 * @property subject the subject.
 * @property text the text body. Any line breaks will do.
 * @property html the HTML body. With a text body beside it the reader's program chooses between the two.
 * @property attachments files.
 * @property inline what is shown within the body: by its Content-ID, where the HTML body refers to it as `cid:…`.
 * @property replyTo where replies should go.
 * @property inReplyTo the identifiers of the messages to which this one is a reply.
 * @property references the identifiers of the messages of the same conversation; the oldest comes first.
 * @property headers any other header fields.
 * @property date when it was written; now, in UTC, where nothing is given.
 * @property messageId its identifier; a random one in the domain of the sender where nothing is given.
 */
public data class Draft @JvmOverloads constructor(
    val from: Mailbox,
    val to: List<Mailbox> = emptyList(),
    val subject: String? = null,
    val text: String? = null,
    val html: String? = null,
    val cc: List<Mailbox> = emptyList(),
    val bcc: List<Mailbox> = emptyList(),
    val attachments: List<Attachment> = emptyList(),
    val inline: List<Attachment> = emptyList(),
    val replyTo: List<Mailbox> = emptyList(),
    val inReplyTo: List<String> = emptyList(),
    val references: List<String> = emptyList(),
    val headers: List<HeaderField> = emptyList(),
    val date: MessageDate? = null,
    val messageId: String? = null,
) {
    /**
     * This draft with its date and identifier, where it had none: with these it can be sealed twice as the same message.
     *
     * @throws PostsealException.InvalidInput names the first field that can't be used.
     */
    @Throws(PostsealException::class)
    public fun checked(): Draft {
        val checked = native { callWith { org.postseal.ffi.checkDraft(it) } }
        return copy(date = checked.date, messageId = checked.messageId)
    }

    /**
     * This draft as a message without protection: to be kept among the drafts, say. It is [sealed][seal] to be sent.
     *
     * @throws PostsealException.InvalidInput names the first field that can't be used.
     */
    public suspend fun compose(): Message = Message(awaited { callWith { org.postseal.ffi.composeDraft(it) } })

    /** Calls something with the native one; the attachments are not freed meanwhile. */
    internal inline fun <T> callWith(call: (NativeDraft) -> T): T = attachments.map { it.handle }.callWith { files ->
        inline.map { it.handle }.callWith { shown -> call(native(files, shown)) }
    }

    internal fun native(files: List<NativeAttachment>, shown: List<NativeAttachment>) = NativeDraft(
        from = from,
        to = to,
        cc = cc,
        bcc = bcc,
        replyTo = replyTo,
        subject = subject,
        text = text,
        html = html,
        attachments = files,
        inline = shown,
        inReplyTo = inReplyTo,
        references = references,
        headers = headers,
        date = date,
        messageId = messageId,
    )
}
