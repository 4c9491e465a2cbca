package org.postseal

import org.postseal.ffi.Change as NativeChange
import org.postseal.ffi.Flag as NativeFlag
import org.postseal.ffi.FlagChange as NativeFlagChange
import org.postseal.ffi.UidSet as NativeUidSet

/** The handle of a message in a mailbox: its UID, and the UIDVALIDITY under which that UID means this message. It can be stored. */
public typealias Uid = org.postseal.ffi.Uid

/** A mailbox as the server lists it. */
public typealias MailboxInfo = org.postseal.ffi.MailboxInfo

/** What a mailbox is for: as the server says, or guessed from its name. */
public typealias Role = org.postseal.ffi.Role

/** The numbers of a mailbox that is not selected. What the server doesn't say is `null`. */
public typealias MailboxStatus = org.postseal.ffi.MailboxStatus

/** Which message became which: the handle in the old mailbox, and the one in the new. */
public typealias Moved = org.postseal.ffi.Moved

/** What a server or client says of itself (ID). */
public typealias ServerField = org.postseal.ffi.ServerField

/** What to fetch of each message. */
public typealias FetchItems = org.postseal.ffi.FetchItems

/** The envelope of a message as the server took it from its headers. The texts are the headers' own bytes, not decoded. */
public typealias ImapEnvelope = org.postseal.ffi.ImapEnvelope

/** A part of a message, as the server sees it: it serves to choose what to fetch, never to judge what a message is. */
public typealias BodyStructure = org.postseal.ffi.BodyStructure

/** A part of a message that was fetched, or its header. */
public typealias FetchedPart = org.postseal.ffi.FetchedPart

/** Messages of one mailbox, under one UIDVALIDITY. */
public class UidSet private constructor(internal val native: NativeUidSet) {
    override fun equals(other: Any?): Boolean = other is UidSet && native == other.native

    override fun hashCode(): Int = native.hashCode()

    override fun toString(): String = native.toString()

    public companion object {
        /** Every message of the mailbox that has this UIDVALIDITY. */
        @JvmStatic
        public fun all(validity: Long): UidSet = UidSet(NativeUidSet.All(validity))

        /** This message and every one that came after it. */
        @JvmStatic
        public fun startingAt(first: Uid): UidSet = UidSet(NativeUidSet.StartingAt(first))

        /** The messages from one to another, both included. */
        @JvmStatic
        public fun range(first: Uid, last: Uid): UidSet = UidSet(NativeUidSet.Range(first, last))

        /** These messages, in any order; all of one UIDVALIDITY, and at least one. */
        @JvmStatic
        public fun of(uids: Collection<Uid>): UidSet = UidSet(NativeUidSet.Of(uids.toList()))

        /** These messages, in any order; all of one UIDVALIDITY, and at least one. */
        @JvmStatic
        public fun of(vararg uids: Uid): UidSet = of(uids.asList())
    }
}

/** A flag of a message: one that has a meaning everywhere, or any other keyword by the name that it has on the wire. */
public class Flag private constructor(internal val native: NativeFlag) {
    /** Any other keyword, or a system flag of the server's own. */
    public constructor(keyword: String) : this(NativeFlag.Keyword(keyword))

    /** Its name: that on the wire for a keyword, and one of ours, such as `Seen`, for the others. */
    public val name: String
        get() = (native as? NativeFlag.Keyword)?.name ?: native.javaClass.simpleName

    override fun equals(other: Any?): Boolean = other is Flag && native == other.native

    override fun hashCode(): Int = native.hashCode()

    override fun toString(): String = name

    public companion object {
        /** It was read. */
        @JvmField
        public val SEEN: Flag = Flag(NativeFlag.Seen)

        /** It was answered. */
        @JvmField
        public val ANSWERED: Flag = Flag(NativeFlag.Answered)

        /** It is marked for attention. */
        @JvmField
        public val FLAGGED: Flag = Flag(NativeFlag.Flagged)

        /** It is to be removed by the next expunge. */
        @JvmField
        public val DELETED: Flag = Flag(NativeFlag.Deleted)

        /** It is a draft. */
        @JvmField
        public val DRAFT: Flag = Flag(NativeFlag.Draft)

        /** It was forwarded. */
        @JvmField
        public val FORWARDED: Flag = Flag(NativeFlag.Forwarded)

        /** It is junk. */
        @JvmField
        public val JUNK: Flag = Flag(NativeFlag.Junk)

        /** It is not junk. */
        @JvmField
        public val NOT_JUNK: Flag = Flag(NativeFlag.NotJunk)

        internal fun of(native: NativeFlag) = Flag(native)
    }
}

/** How flags are changed. */
public class FlagChange private constructor(internal val native: NativeFlagChange) {
    public companion object {
        /** These are set, others stay. */
        @JvmStatic
        public fun add(vararg flags: Flag): FlagChange = FlagChange(NativeFlagChange.Add(flags.map { it.native }))

        /** These are taken away, others stay. */
        @JvmStatic
        public fun remove(vararg flags: Flag): FlagChange = FlagChange(NativeFlagChange.Remove(flags.map { it.native }))

        /** These are set, others are taken away. */
        @JvmStatic
        public fun replace(vararg flags: Flag): FlagChange = FlagChange(NativeFlagChange.Replace(flags.map { it.native }))
    }
}

/** News of a mailbox. What adds up while nobody asks is told once. */
public sealed class Change {
    /** Messages have come: there are [count] now. */
    public data class Exists(val count: Long) : Change()

    /** This many messages were removed. */
    public data class Expunged(val count: Long) : Change()

    /** Flags of some messages have changed. */
    public data object Flags : Change()
}

internal fun NativeChange.face(): Change = when (this) {
    is NativeChange.Exists -> Change.Exists(count)
    is NativeChange.Expunged -> Change.Expunged(count)
    is NativeChange.Flags -> Change.Flags
}
