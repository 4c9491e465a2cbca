package org.postseal

import org.postseal.ffi.MailClient as NativeMailClient

/**
 * One person's mail: seals and sends, lists, fetches and opens.
 *
 * It connects when there is something to do, keeps its sessions, and opens a new one where one has ended. It may be used by any number of
 * coroutines and threads at once. Its [keyring] may be changed at any time.
 *
 * Every call that connects may throw what a connection fails with, and one that names a mailbox or a message [PostsealException.NotFound],
 * [PostsealException.Refused] or [PostsealException.UidValidityChanged].
 *
 * @property account whose mail it is.
 * @property keyring the keys of its owner, and the certificates of the people they write to.
 * @throws PostsealException.InvalidInput names what of the account can't be used.
 */
public class MailClient
@Throws(PostsealException::class)
constructor(connector: Connector, public val account: Account, public val keyring: Keyring) : AutoCloseable {
    private val handle = Handle(native { NativeMailClient(connector.native, account.native(), keyring.native) })

    /**
     * Seals a draft, submits every copy of it, and files the sender's own copy in *Sent*.
     *
     * The protection is never less than asked for: where one recipient has no usable key nothing is sent at all. **An exception means that
     * nothing was sent**; once a copy was handed over there is a report. Where the call is cancelled, a copy that is being transmitted goes
     * out; the copies after it, and the one for *Sent*, don't.
     *
     * @throws PostsealException.KeyMissing names every recipient without a usable key.
     * @throws PostsealException.InvalidInput names the field of the draft that can't be used.
     */
    @JvmOverloads
    public suspend fun send(
        draft: Draft,
        protection: Protection = Protection.SIGN_AND_ENCRYPT,
        progress: ProgressListener? = null,
    ): SendReport = handle.await { client -> draft.callWith { client.send(it, protection, progress?.native()) } }.face()

    /**
     * Seals a draft as [send] does, without sending it.
     *
     * @throws PostsealException.KeyMissing names every recipient without a usable key.
     * @throws PostsealException.InvalidInput names the field of the draft that can't be used.
     */
    @JvmOverloads
    public suspend fun seal(draft: Draft, protection: Protection = Protection.SIGN_AND_ENCRYPT): Sealed =
        handle.await { client -> draft.callWith { client.seal(it, protection) } }.face()

    /** The messages in the inbox, in the server's order: the oldest first, as a rule. */
    public suspend fun inbox(): List<MessageSummary> = handle.await { it.inbox() }.map { it.face() }

    /** The messages in a mailbox, in the server's order (IMAP). */
    public suspend fun messages(mailbox: String): List<MessageSummary> = handle.await { it.messages(mailbox) }.map { it.face() }

    /**
     * One page of a mailbox, the newest message first; by POP3 of the inbox alone.
     *
     * @param before the last message of the page before; nothing begins with the newest.
     */
    @JvmOverloads
    public suspend fun page(mailbox: String = INBOX, before: MessageHandle? = null, count: Int = 50): Page =
        handle.await { it.page(mailbox, before?.native(), count) }.face()

    /** The mailboxes of the account, with their roles (IMAP). */
    public suspend fun mailboxes(): List<MailboxInfo> = handle.await { it.mailboxes() }

    /** Fetches a message as it is on the server; it is not marked as read. */
    @JvmOverloads
    public suspend fun fetch(message: MessageHandle, progress: ProgressListener? = null): Message =
        Message(handle.await { it.fetch(message.native(), progress?.native()) })

    /**
     * Fetches a message and opens it: decrypts, verifies and judges it.
     *
     * @throws PostsealException [PostsealException.KeyMissing], [PostsealException.WrongPassphrase], [PostsealException.Tampered] and
     *   [PostsealException.LimitExceeded].
     */
    @JvmOverloads
    public suspend fun open(
        message: MessageHandle,
        options: OpenOptions = OpenOptions(),
        progress: ProgressListener? = null,
    ): Opened = handle.await { it.open(message.native(), options.native(), progress?.native()) }.face()

    /** Marks a message as read, or as not read (IMAP). */
    @JvmOverloads
    public suspend fun markRead(message: MessageHandle, isRead: Boolean = true): Unit =
        handle.await { it.markRead(message.native(), isRead) }

    /** Changes the flags of a message (IMAP). */
    public suspend fun changeFlags(message: MessageHandle, change: FlagChange): Unit =
        handle.await { it.changeFlags(message.native(), change.native) }

    /** Moves a message to another mailbox (IMAP). Returns what names it there, where the server tells. */
    public suspend fun move(message: MessageHandle, mailbox: String): MessageHandle? =
        handle.await { it.moveTo(message.native(), mailbox) }?.face()

    /** Deletes a message: into the trash where there is one, for good otherwise and from the trash. */
    public suspend fun delete(message: MessageHandle): Deleted = handle.await { it.delete(message.native()) }.face()

    /**
     * Watches a mailbox for mail that comes from now on (IMAP), on a session of its own: everything else can be done meanwhile.
     */
    @JvmOverloads
    public suspend fun watch(mailbox: String = INBOX): MailWatch = MailWatch(handle.await { it.watch(mailbox) })

    /** Ends all sessions politely. The client stays usable: it connects again when there is something to do. */
    public suspend fun disconnect(): Unit = handle.callOr(Unit) { it.close(cancel = null) }

    /** Lets the client go; its sessions end in the background. May be called more than once. */
    override fun close(): Unit = handle.close()
}

/** What every server calls the mailbox where mail arrives. */
private const val INBOX = "INBOX"
