package org.postseal

import org.postseal.ffi.LogSink as NativeLogSink
import org.postseal.ffi.ProgressListener as NativeProgressListener

/** Something that a session did or met: numbers, codes and words of this library, and never a secret or anything of a message. */
public typealias LogEvent = org.postseal.ffi.LogEvent

/** How much an event matters, from the most to the least. */
public typealias LogLevel = org.postseal.ffi.LogLevel

/** What happened to a session; the event's text has the particulars. */
public typealias LogKind = org.postseal.ffi.LogKind

/** What a session speaks. */
public typealias Protocol = org.postseal.ffi.Protocol

/** Is told how far a long piece of work has come. What it throws changes nothing, and is counted: [Postseal.failedCallbacks]. */
public fun interface ProgressListener {
    /**
     * So many bytes are done, of how many where that is known. It is called at most once for every 16 KB, by a thread of the library: it
     * must return soon.
     */
    public fun progress(done: Long, total: Long?)
}

/** Is told what sessions do. What it throws changes nothing, and is counted: [Postseal.failedCallbacks]. */
public fun interface LogSink {
    /** Takes one event. It is called by the session, which waits meanwhile: it must return soon. */
    public fun log(event: LogEvent)
}

internal fun ProgressListener.native() = object : NativeProgressListener {
    override fun progress(done: Long, total: Long?) = this@native.progress(done, total)
}

internal fun LogSink.native() = object : NativeLogSink {
    override fun log(event: LogEvent) = this@native.log(event)
}
