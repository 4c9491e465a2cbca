package org.postseal

import org.postseal.ffi.Account as NativeAccount
import org.postseal.ffi.CopyReport as NativeCopyReport
import org.postseal.ffi.Deleted as NativeDeleted
import org.postseal.ffi.Login as NativeLogin
import org.postseal.ffi.MailboxChange as NativeMailboxChange
import org.postseal.ffi.MessageHandle as NativeMessageHandle
import org.postseal.ffi.MessageSummary as NativeMessageSummary
import org.postseal.ffi.OwnCopy as NativeOwnCopy
import org.postseal.ffi.Page as NativePage
import org.postseal.ffi.SendReport as NativeSendReport

/** Whether the sender's own copy of a sent message is filed in the mailbox with the role *Sent*. */
public typealias SentCopy = org.postseal.ffi.SentCopy

/** A server, and what to log in with. */
public data class Login(val server: Server, val credentials: Credentials) {
    internal fun native() = NativeLogin(server, credentials.native)
}

/**
 * One person's mail account: who they are, where their mail is submitted and where it is fetched.
 *
 * @property mailbox whose account it is.
 * @property submission where mail is submitted.
 * @property imap where mail is fetched by IMAP. Without it and without POP3, the account only sends.
 * @property pop3 where mail is fetched by POP3; it counts where there is no IMAP.
 * @property sentCopy whether own copies are filed in *Sent*.
 */
public data class Account @JvmOverloads constructor(
    val mailbox: Mailbox,
    val submission: Login,
    val imap: Login? = null,
    val pop3: Login? = null,
    val sentCopy: SentCopy = SentCopy.AUTOMATIC,
) {
    internal fun native() = NativeAccount(mailbox, submission.native(), imap?.native(), pop3?.native(), sentCopy)
}

/**
 * What became of a sent draft: of each of its copies, and of the sender's own.
 *
 * @property copies one entry per copy: the one for the open recipients, then one for each Bcc recipient.
 * @property ownCopy where the sender's own copy went.
 * @property isSentToAll whether every copy was taken over for every recipient.
 * @property mayBeSent whether some copy was taken over, or may have been.
 */
@ConsistentCopyVisibility
public data class SendReport internal constructor(
    val copies: List<CopyReport>,
    val ownCopy: OwnCopy,
    val isSentToAll: Boolean,
    val mayBeSent: Boolean,
)

/**
 * What became of one copy.
 *
 * @property envelope whom it was for.
 * @property receipt the server's receipt, where there is one.
 * @property failure why there is none: the copy was not sent, because the session failed before its data.
 */
@ConsistentCopyVisibility
public data class CopyReport internal constructor(val envelope: Envelope, val receipt: Receipt?, val failure: Failure?)

/** Where the sender's own copy of a message went. */
public sealed class OwnCopy {
    /** Filed by us, in the [mailbox] with the role *Sent*; [uid] is its handle there, where the server tells. */
    public data class Filed(val mailbox: String, val uid: Uid?) : OwnCopy()

    /** Not filed: the account says so, has no IMAP server, or its server files what is submitted by itself. */
    public data object NotWanted : OwnCopy()

    /** Not filed, because no copy was sent. */
    public data object NothingSent : OwnCopy()

    /** The message was sent, but filing the copy failed. Never a reason to send it again. */
    public data class Failed(val failure: Failure) : OwnCopy()
}

/** Names one message on the server, for as long as the server keeps it. It can be stored and used with a later session. */
public sealed class MessageHandle {
    /** A message in an IMAP mailbox. */
    public data class Imap(val mailbox: String, val uid: Uid) : MessageHandle()

    /** A message in a POP3 maildrop, by its unique id. */
    public data class Pop3(val id: String) : MessageHandle()

    internal fun native(): NativeMessageHandle = when (this) {
        is Imap -> NativeMessageHandle.Imap(mailbox, uid)
        is Pop3 -> NativeMessageHandle.Pop3(id)
    }
}

/**
 * A message in a list: what its outer header says, unverified and, for an encrypted message, without its subject.
 *
 * @property handle names the message for [MailClient.fetch] and [MailClient.open].
 * @property size its size in bytes, as the server tells.
 * @property isRead whether it was read; `null` with POP3, which does not know.
 * @property isAnswered whether it was answered; `null` with POP3.
 * @property isFlagged whether it is marked for attention; `null` with POP3.
 * @property messageId its identifier, where the header has a valid one.
 * @property date when it says it was written.
 * @property from whom it says it is from, for people to read.
 * @property subject the subject that the servers can see; `[...]` in a message with a protected one.
 */
@ConsistentCopyVisibility
public data class MessageSummary internal constructor(
    val handle: MessageHandle,
    val size: Long,
    val isRead: Boolean?,
    val isAnswered: Boolean?,
    val isFlagged: Boolean?,
    val messageId: String?,
    val date: MessageDate?,
    val from: String,
    val subject: String?,
)

/** A part of a mailbox: [messages] of it, the newest first, and whether there are older ones. */
@ConsistentCopyVisibility
public data class Page internal constructor(val messages: List<MessageSummary>, val hasMore: Boolean)

/** Where a deleted message went. */
public sealed class Deleted {
    /** Into the trash; [handle] names it there, where the server tells. */
    public data class Trashed(val handle: MessageHandle?) : Deleted()

    /** It is gone for good. */
    public data object Removed : Deleted()

    /** It is marked as deleted, and waits for somebody to expunge the mailbox: the server can't remove it alone. */
    public data object Marked : Deleted()
}

/** News of a mailbox. */
public sealed class MailboxChange {
    /** Messages have come; the oldest is the first. */
    public data class Arrived(val messages: List<MessageSummary>) : MailboxChange()

    /** Messages were removed, or their flags have changed: what is shown of the mailbox may be out of date. */
    public data object Changed : MailboxChange()
}

internal fun NativeSendReport.face() = SendReport(copies.map { it.face() }, ownCopy.face(), isSentToAll, mayBeSent)

private fun NativeCopyReport.face() = CopyReport(envelope, receipt?.face(), failure)

private fun NativeOwnCopy.face() = when (this) {
    is NativeOwnCopy.Filed -> OwnCopy.Filed(mailbox, uid)
    is NativeOwnCopy.NotWanted -> OwnCopy.NotWanted
    is NativeOwnCopy.NothingSent -> OwnCopy.NothingSent
    is NativeOwnCopy.Failed -> OwnCopy.Failed(failure)
}

internal fun NativeMessageHandle.face() = when (this) {
    is NativeMessageHandle.Imap -> MessageHandle.Imap(mailbox, uid)
    is NativeMessageHandle.Pop3 -> MessageHandle.Pop3(id)
}

internal fun NativeMessageSummary.face() =
    MessageSummary(handle.face(), size, isRead, isAnswered, isFlagged, messageId, date, from, subject)

internal fun NativePage.face() = Page(messages.map { it.face() }, hasMore)

internal fun NativeDeleted.face() = when (this) {
    is NativeDeleted.Trashed -> Deleted.Trashed(handle?.face())
    is NativeDeleted.Removed -> Deleted.Removed
    is NativeDeleted.Marked -> Deleted.Marked
}

internal fun NativeMailboxChange.face() = when (this) {
    is NativeMailboxChange.Arrived -> MailboxChange.Arrived(messages.map { it.face() })
    is NativeMailboxChange.Changed -> MailboxChange.Changed
}
