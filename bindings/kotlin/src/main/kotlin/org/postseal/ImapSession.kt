package org.postseal

import kotlin.time.Instant
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import org.postseal.ffi.ImapSession as NativeImapSession

/**
 * A session with an IMAP server, logged in. Calls may come from anywhere at once: they are done one after another. Each names its mailbox
 * as a text in Unicode; the session selects what a call is about.
 *
 * Every call that names UIDs may throw [PostsealException.UidValidityChanged], and one that names a mailbox [PostsealException.NotFound] or
 * [PostsealException.Refused] where there is none.
 */
public class ImapSession private constructor(native: NativeImapSession) : Session {
    private val handle = Handle(native)

    override val tls: TlsInfo? get() = handle.call { it.tls() }

    /** What the server offers after the login, in upper case and in order. */
    public val capabilities: List<String> get() = handle.call { it.capabilities() }

    override val isClosed: Boolean get() = handle.callOr(true) { it.isClosed() }

    /** Takes what the server wanted people to read since the last call, oldest first. Say that it comes from the server. */
    public fun takeAlerts(): List<String> = handle.call { it.takeAlerts() }

    /** Lists every mailbox, in the server's order. */
    public suspend fun list(): List<MailboxInfo> = handle.await { it.list() }

    /** Selects a mailbox for reading and writing, and tells of it. */
    public suspend fun select(mailbox: String): Selected = Selected(handle.await { it.select(mailbox) })

    /** The same for reading alone: nothing of the mailbox changes by it. */
    public suspend fun examine(mailbox: String): Selected = Selected(handle.await { it.examine(mailbox) })

    /** Asks for the numbers of a mailbox without selecting it. */
    public suspend fun status(mailbox: String): MailboxStatus = handle.await { it.status(mailbox) }

    /** Makes a mailbox, with its parents where the server does that. */
    public suspend fun create(mailbox: String): Unit = handle.await { it.create(mailbox) }

    /** Removes a mailbox with all messages in it. */
    public suspend fun delete(mailbox: String): Unit = handle.await { it.delete(mailbox) }

    /** Gives a mailbox, and all below it, another name. */
    public suspend fun rename(mailbox: String, to: String): Unit = handle.await { it.rename(mailbox, to) }

    /** Adds a mailbox to those that the user wants to see. */
    public suspend fun subscribe(mailbox: String): Unit = handle.await { it.subscribe(mailbox) }

    /** Takes a mailbox from those that the user wants to see. */
    public suspend fun unsubscribe(mailbox: String): Unit = handle.await { it.unsubscribe(mailbox) }

    /**
     * Tells the server who asks, and returns what it says of itself (ID).
     *
     * @throws PostsealException.Unsupported where the server has no ID.
     */
    public suspend fun id(client: List<ServerField>): List<ServerField> = handle.await { it.id(client) }

    /**
     * Puts a message into a mailbox, byte by byte as given. Returns its handle where the server tells.
     *
     * @param received becomes the message's internal date; the server takes the present time where nothing is given.
     * @throws PostsealException.InvalidInput for a message with a NUL in it.
     */
    @JvmOverloads
    public suspend fun append(
        mailbox: String,
        message: ByteArray,
        flags: Collection<Flag> = emptyList(),
        received: Instant? = null,
        progress: ProgressListener? = null,
    ): Uid? = handle.await { it.append(mailbox, message, flags.map { flag -> flag.native }, received, progress?.native()) }

    /** Searches a mailbox as it is now; the handles come in ascending order. */
    public suspend fun search(mailbox: String, search: Search): List<Uid> = handle.await { it.search(mailbox, search.native) }

    /**
     * Fetches messages in ascending order of their UIDs, without marking them as read.
     *
     * Each collection of the flow is a fetch of its own, batch by batch as the collector takes them: a slow one holds up no other call.
     *
     * @param progress is told of the bytes of whole messages and parts, as far as they have come.
     * @throws PostsealException.InvalidInput where the mailbox, the set or the items can't be used.
     */
    @JvmOverloads
    public fun fetch(mailbox: String, uids: UidSet, items: FetchItems, progress: ProgressListener? = null): Flow<Fetched> = flow {
        handle.await { it.fetch(mailbox, uids.native, items, progress?.native()) }.use { stream ->
            while (true) {
                val batch = awaited { stream.nextBatch(BATCH) }
                if (batch.isEmpty()) break
                batch.forEach { emit(Fetched(it)) }
            }
        }
    }

    /**
     * Fetches one whole message, without marking it as read.
     *
     * @throws PostsealException.NotFound where it is not there.
     * @throws PostsealException.InvalidInput where it is larger than 64 MiB.
     */
    @JvmOverloads
    public suspend fun message(mailbox: String, uid: Uid, progress: ProgressListener? = null): Message =
        Message(handle.await { it.message(mailbox, uid, progress?.native()) })

    /** Changes the flags of messages. Those that are not there any more are passed over. */
    public suspend fun store(mailbox: String, uids: UidSet, change: FlagChange): Unit =
        handle.await { it.store(mailbox, uids.native, change.native) }

    /** Copies messages to another mailbox. Returns every pair of handles that the server told of. */
    public suspend fun copy(mailbox: String, uids: UidSet, to: String): List<Moved> = handle.await { it.copy(mailbox, uids.native, to) }

    /**
     * Moves messages to another mailbox. Where the server has neither MOVE nor UIDPLUS they are copied, and stay behind marked as deleted.
     */
    public suspend fun move(mailbox: String, uids: UidSet, to: String): List<Moved> = handle.await { it.moveTo(mailbox, uids.native, to) }

    /** Removes every message of the mailbox that is marked as deleted, whoever marked it. */
    public suspend fun expunge(mailbox: String): Unit = handle.await { it.expunge(mailbox) }

    /**
     * Removes those of the messages that are marked as deleted.
     *
     * @throws PostsealException.Unsupported where the server has no UIDPLUS.
     */
    public suspend fun expunge(mailbox: String, uids: UidSet): Unit = handle.await { it.expungeUids(mailbox, uids.native) }

    /**
     * Watches a mailbox: by IDLE, or by asking every minute where the server has none. It has begun when this returns, so what comes from
     * then on is told. Other calls on this session go on meanwhile.
     *
     * @throws PostsealException.InvalidInput where this session watches a mailbox already.
     */
    public suspend fun watch(mailbox: String): Watch = Watch(handle.await { it.watch(mailbox) })

    override suspend fun noop(): Unit = handle.await { it.noop() }

    override suspend fun disconnect(): Unit = handle.callOr(Unit) { it.close(cancel = null) }

    override fun close(): Unit = handle.close()

    public companion object {
        /** The most messages that come over the boundary at once. */
        private const val BATCH = 64

        /**
         * Connects and logs in.
         *
         * @throws PostsealException [PostsealException.Network], [PostsealException.Timeout], [PostsealException.Tls] and
         *   [PostsealException.Certificate] where there is no connection; [PostsealException.LoginRefused].
         */
        @JvmStatic
        public suspend fun connect(connector: Connector, server: Server, credentials: Credentials): ImapSession =
            ImapSession(awaited { NativeImapSession.connect(connector.native, server, credentials.native) })
    }
}
