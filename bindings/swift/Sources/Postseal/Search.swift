import Foundation
import PostsealFFI

/// What to search for. Texts are found in any case, wherever they stand.
///
/// ```swift
/// let uids = try await session.search("INBOX", for: .from("bob") && !.subject("lottery"))
/// ```
public struct Search: Sendable {
    let raw: PostsealFFI.Search

    /// Every message.
    public static var all: Search { Search(raw: .all()) }

    /// The text in the From header.
    public static func from(_ text: String) -> Search { Search(raw: .from(text: text)) }

    /// The text in the To header.
    public static func to(_ text: String) -> Search { Search(raw: .to(text: text)) }

    /// The text in the Cc header.
    public static func cc(_ text: String) -> Search { Search(raw: .cc(text: text)) }

    /// The text in the Subject header.
    public static func subject(_ text: String) -> Search { Search(raw: .subject(text: text)) }

    /// The text in the body.
    public static func body(_ text: String) -> Search { Search(raw: .body(text: text)) }

    /// The text in the header or the body.
    public static func text(_ text: String) -> Search { Search(raw: .text(text: text)) }

    /// The text in a field of the header; any message with the field where the text is empty.
    public static func header(_ field: String, _ text: String = "") -> Search {
        Search(raw: .header(field: field, text: text))
    }

    /// Taken in by the server on that day or later.
    public static func since(_ day: Day) throws(PostsealError) -> Search {
        try call { Search(raw: try .since(year: day.year, month: day.month, day: day.day)) }
    }

    /// Taken in by the server before that day.
    public static func before(_ day: Day) throws(PostsealError) -> Search {
        try call { Search(raw: try .before(year: day.year, month: day.month, day: day.day)) }
    }

    /// Dated, by its header, on that day or later.
    public static func sentSince(_ day: Day) throws(PostsealError) -> Search {
        try call { Search(raw: try .sentSince(year: day.year, month: day.month, day: day.day)) }
    }

    /// Dated, by its header, before that day.
    public static func sentBefore(_ day: Day) throws(PostsealError) -> Search {
        try call { Search(raw: try .sentBefore(year: day.year, month: day.month, day: day.day)) }
    }

    /// Larger than so many bytes.
    public static func larger(than bytes: Int) throws(PostsealError) -> Search {
        try call { Search(raw: try .larger(bytes: Int64(bytes))) }
    }

    /// Smaller than so many bytes.
    public static func smaller(than bytes: Int) throws(PostsealError) -> Search {
        try call { Search(raw: try .smaller(bytes: Int64(bytes))) }
    }

    /// With this flag.
    public static func with(_ flag: Flag) throws(PostsealError) -> Search {
        try call { Search(raw: try .withFlag(flag: flag)) }
    }

    /// Without this flag.
    public static func without(_ flag: Flag) throws(PostsealError) -> Search {
        try call { Search(raw: try .withoutFlag(flag: flag)) }
    }

    /// One of these messages.
    public static func uids(_ uids: UidSet) throws(PostsealError) -> Search {
        try call { Search(raw: try .uids(uids: uids)) }
    }

    /// What both find.
    public static func && (left: Search, right: Search) -> Search {
        Search(raw: left.raw.andAlso(other: right.raw))
    }

    /// What one of them finds.
    public static func || (left: Search, right: Search) -> Search {
        Search(raw: left.raw.orElse(other: right.raw))
    }

    /// What it does not find.
    public static prefix func ! (search: Search) -> Search {
        Search(raw: search.raw.negate())
    }

    /// A day of the server's calendar.
    public struct Day: Sendable, Hashable {
        let year, month, day: Int32

        /// A day.
        public init(_ year: Int, _ month: Int, _ day: Int) {
            self.year = Int32(clamping: year)
            self.month = Int32(clamping: month)
            self.day = Int32(clamping: day)
        }
    }
}
