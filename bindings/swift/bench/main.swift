// Swift's contestant of the benchmark (tests/bench): it does what `send-file-ours` and `imap-ours` do there, and prints what it did and how long that took by its
// own clock.
import Foundation
import Postseal

/// Where a server is, and who asks: `PORT ROOT USER PASSWORD`.
struct Target {
    let server: Server
    let user: String
    let credentials: Credentials
    let connector: Connector

    init(_ words: [String]) throws {
        (server, user) = (.tls("localhost", port: Int(words[0]) ?? 0), words[2])
        credentials = try .password(words[3], user: user)
        let authority = try String(contentsOfFile: words[1], encoding: .utf8)
        connector = try Connector(tls: TlsOptions(roots: [authority], onlyGivenRoots: true))
    }
}

/// `send-file TARGET KEY FILE`: seals a letter of the user's to themselves, with FILE attached, and sends it.
func sendFile(_ target: Target, _ key: URL, _ file: URL) async throws -> String {
    let keyring = Keyring()
    keyring.add(try SecretKey(importing: Data(contentsOf: key)))
    let session = try await SmtpSession.connect(to: target.server, as: target.credentials, connector: target.connector)
    let own = Mailbox(address: target.user)
    let draft = Draft(
        from: own, to: [own], subject: "A large file", text: "See.", attachments: [try await Attachment(contentsOf: file)])
    let receipt = try await session.send(try await keyring.seal(draft).copies[0])
    try await session.close()
    return "messages: \(receipt.isSentToAll ? 1 : 0)"
}

/// `fetch TARGET`: all messages of the user's inbox.
func fetch(_ target: Target) async throws -> String {
    let session = try await ImapSession.connect(to: target.server, as: target.credentials, connector: target.connector)
    let everything = UidSet.all(validity: try await session.examine("INBOX").uidValidity)
    var (messages, bytes) = (0, 0)
    for try await fetched in try session.fetch(everything, in: "INBOX", items: FetchItems(whole: true)) {
        messages += 1
        bytes += fetched.whole?.count ?? 0
    }
    try await session.close()
    return "messages: \(messages)\nbytes: \(bytes)"
}

let words = Array(CommandLine.arguments.dropFirst())
let begun = ContinuousClock.now
let did: String
switch (words.first, words.count) {
case ("send-file", 7):
    did = try await sendFile(Target(Array(words[1...4])), URL(fileURLWithPath: words[5]), URL(fileURLWithPath: words[6]))
case ("fetch", 5):
    did = try await fetch(Target(Array(words[1...4])))
default:
    FileHandle.standardError.write(Data("usage: contestant send-file PORT ROOT USER PASSWORD KEY FILE | fetch PORT ROOT USER PASSWORD\n".utf8))
    exit(2)
}
print(did)
print("seconds: \((ContinuousClock.now - begun) / .seconds(1))")
