package org.postseal

import java.time.LocalDate
import org.postseal.ffi.Search as NativeSearch

/** What to search for. Texts are found in any case, wherever they stand. */
public class Search private constructor(internal val native: NativeSearch) {
    /** What both find. */
    public infix fun and(other: Search): Search = Search(native.andAlso(other.native))

    /** What either finds. */
    public infix fun or(other: Search): Search = Search(native.orElse(other.native))

    /** What it does not find. */
    public operator fun not(): Search = Search(native.negate())

    public companion object {
        /** Every message. */
        @JvmStatic
        public fun all(): Search = Search(NativeSearch.all())

        /** The text in the From header. */
        @JvmStatic
        public fun from(text: String): Search = Search(NativeSearch.from(text))

        /** The text in the To header. */
        @JvmStatic
        public fun to(text: String): Search = Search(NativeSearch.to(text))

        /** The text in the Cc header. */
        @JvmStatic
        public fun cc(text: String): Search = Search(NativeSearch.cc(text))

        /** The text in the Subject header. */
        @JvmStatic
        public fun subject(text: String): Search = Search(NativeSearch.subject(text))

        /** The text in the body. */
        @JvmStatic
        public fun body(text: String): Search = Search(NativeSearch.body(text))

        /** The text in the header or the body. */
        @JvmStatic
        public fun text(text: String): Search = Search(NativeSearch.text(text))

        /** The text in a field of the header; any message with the field where the text is empty. */
        @JvmStatic
        public fun header(field: String, text: String): Search = Search(NativeSearch.header(field, text))

        /** Taken in by the server on that day or later. */
        @JvmStatic
        @Throws(PostsealException::class)
        public fun since(day: LocalDate): Search = made { NativeSearch.since(day.year, day.monthValue, day.dayOfMonth) }

        /** Taken in by the server before that day. */
        @JvmStatic
        @Throws(PostsealException::class)
        public fun before(day: LocalDate): Search = made { NativeSearch.before(day.year, day.monthValue, day.dayOfMonth) }

        /** Dated, by its header, on that day or later. */
        @JvmStatic
        @Throws(PostsealException::class)
        public fun sentSince(day: LocalDate): Search = made { NativeSearch.sentSince(day.year, day.monthValue, day.dayOfMonth) }

        /** Dated, by its header, before that day. */
        @JvmStatic
        @Throws(PostsealException::class)
        public fun sentBefore(day: LocalDate): Search = made { NativeSearch.sentBefore(day.year, day.monthValue, day.dayOfMonth) }

        /** Larger than so many bytes. */
        @JvmStatic
        @Throws(PostsealException::class)
        public fun larger(bytes: Long): Search = made { NativeSearch.larger(bytes) }

        /** Smaller than so many bytes. */
        @JvmStatic
        @Throws(PostsealException::class)
        public fun smaller(bytes: Long): Search = made { NativeSearch.smaller(bytes) }

        /** With this flag. */
        @JvmStatic
        @Throws(PostsealException::class)
        public fun with(flag: Flag): Search = made { NativeSearch.withFlag(flag.native) }

        /** Without this flag. */
        @JvmStatic
        @Throws(PostsealException::class)
        public fun without(flag: Flag): Search = made { NativeSearch.withoutFlag(flag.native) }

        /** One of these messages. */
        @JvmStatic
        @Throws(PostsealException::class)
        public fun uids(uids: UidSet): Search = made { NativeSearch.uids(uids.native) }

        /** What can't be searched for is [PostsealException.InvalidInput]. */
        private inline fun made(make: () -> NativeSearch) = Search(native(make))
    }
}
