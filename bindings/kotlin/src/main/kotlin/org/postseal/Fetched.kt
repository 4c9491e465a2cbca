package org.postseal

import kotlin.time.Instant
import org.postseal.ffi.Fetched as NativeFetched
import org.postseal.ffi.Selected as NativeSelected
import org.postseal.ffi.Unreadable as NativeUnreadable

/** What was fetched of a message. What was not asked for is `null` or empty. */
public class Fetched internal constructor(native: NativeFetched) {
    /** Its handle. */
    public val uid: Uid = native.uid

    /** Its flags. */
    public val flags: List<Flag>? = native.flags?.map(Flag::of)

    /** Its size in bytes. */
    public val size: Long? = native.size

    /** When the server took it in. */
    public val received: Instant? = native.received

    /** Its envelope, as the server sees it. */
    public val envelope: ImapEnvelope? = native.envelope

    /** Its structure, as the server sees it: the part itself first, then what is in it, in the order of the message. */
    public val structure: List<BodyStructure> = native.structure

    /** Its header, or the fields that were asked for, as they stand in the message. */
    public val header: ByteArray? = native.header

    /** The whole message, byte by byte. */
    public val whole: ByteArray? = native.whole

    /** Parts, encoded as they are in the message. */
    public val parts: List<FetchedPart> = native.parts

    /** The MIME headers of parts. */
    public val partHeaders: List<FetchedPart> = native.partHeaders

    /** What was asked for and can't be had. The other fields stand. */
    public val unreadable: List<Unreadable> = native.unreadable.map { it.face() }

    override fun toString(): String = "Fetched(${uid.number})"
}

/** Why something of a message can't be had. */
public sealed class Unreadable {
    /** The server sent something for this [item], by its name in the protocol, that is not what it should be. */
    public data class Malformed(val item: String) : Unreadable()

    /** The message is too large to be fetched: it has [size] bytes. */
    public data class TooLarge(val size: Long) : Unreadable()
}

private fun NativeUnreadable.face(): Unreadable = when (this) {
    is NativeUnreadable.Malformed -> Unreadable.Malformed(item)
    is NativeUnreadable.TooLarge -> Unreadable.TooLarge(size)
}

/** What a server says of a mailbox when it is selected. */
public class Selected internal constructor(native: NativeSelected) {
    /** Under which UIDVALIDITY its UIDs have their meaning. */
    public val uidValidity: Long = native.uidValidity

    /** The UID that the next message will have at least, where the server says. */
    public val uidNext: Long? = native.uidNext

    /** How many messages there are. */
    public val exists: Long = native.exists

    /** The flags that messages in it have or can have. */
    public val flags: List<Flag> = native.flags.map(Flag::of)

    /** The flags that can be changed for good. */
    public val permanentFlags: List<Flag> = native.permanentFlags.map(Flag::of)

    /** Whether new keywords can be made by using them. */
    public val allowsNewKeywords: Boolean = native.allowsNewKeywords

    /** Whether nothing can be changed. */
    public val isReadOnly: Boolean = native.readOnly

    /** All messages in it, for [ImapSession.fetch]. */
    public val all: UidSet get() = UidSet.all(uidValidity)

    override fun toString(): String = "Selected($exists messages)"
}
