import Foundation
import Postseal

/// A line for the terminal. What comes from a message loses its control characters first: they could tell the terminal anything.
func show(_ line: String = "") {
    let harmless = line.unicodeScalars.filter { $0.properties.generalCategory != .control || $0 == "\t" }
    print(String(String.UnicodeScalarView(harmless)))
    // Whoever reads from a pipe gets each line at once, too.
    fflush(nil)
}

/// A message in a list: its UID, whether it is new, who it says it is from, and its subject, as far as the server can see it.
func show(_ fetched: Fetched) {
    let header = fetched.header.flatMap { try? Message($0) }
    let from = header?.from.mailboxes.map(\.description).joined(separator: ", ") ?? ""
    let isNew = fetched.flags.map { !$0.contains(.seen) } ?? false
    show("\(fetched.uid.number)\t\(isNew ? "new" : "")\t\(from)\t\(header?.subject ?? "")")
}

/// An opened message: what can be believed about it, and then what it says.
func show(_ opened: Opened) {
    let message = opened.message
    show("verdict: \(opened.verdict.level)")
    for reason in opened.verdict.reasons {
        show("  \(reason.id): \(reason.text)")
    }
    show("from: \(message.from.mailboxes.map(\.description).joined(separator: ", "))")
    show("to: \(message.to.mailboxes.map(\.description).joined(separator: ", "))")
    if let date = message.date {
        show("date: \(date.time.formatted(.iso8601))")
    }
    show("subject: \(message.subject ?? "")")
    for attachment in message.attachments {
        show("attachment: \(attachment.fileName ?? "(no name)"), \(attachment.mediaType), \(attachment.size) bytes")
    }
    show()
    if let text = message.text {
        text.split(separator: "\n", omittingEmptySubsequences: false).forEach { show(String($0)) }
    } else {
        show(message.htmlBody == nil ? "(no text)" : "(HTML only)")
    }
}
