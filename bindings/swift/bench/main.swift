// Swift's contestant of the benchmark (tests/bench): it does what `send-file-ours` does there, and prints what it did and how long that took by its own clock.
import Foundation
import Postseal

/// `send-file PORT ROOT USER PASSWORD KEY FILE`: seals a letter of the user's to themselves, with FILE attached, and sends it.
func sendFile(_ arguments: [String]) async throws {
    let begun = ContinuousClock.now
    let (port, root, user, password) = (arguments[0], arguments[1], arguments[2], arguments[3])
    let (key, file) = (URL(fileURLWithPath: arguments[4]), URL(fileURLWithPath: arguments[5]))
    let authority = try String(contentsOfFile: root, encoding: .utf8)
    let connector = try Connector(tls: TlsOptions(roots: [authority], onlyGivenRoots: true))
    let keyring = Keyring()
    keyring.add(try SecretKey(importing: Data(contentsOf: key)))
    let session = try await SmtpSession.connect(
        to: .tls("localhost", port: Int(port) ?? 0), as: .password(password, user: user), connector: connector)
    let own = Mailbox(address: user)
    let draft = Draft(
        from: own, to: [own], subject: "A large file", text: "See.", attachments: [try await Attachment(contentsOf: file)])
    let receipt = try await session.send(try await keyring.seal(draft).copies[0])
    try await session.close()
    print("messages: \(receipt.isSentToAll ? 1 : 0)")
    print("seconds: \((ContinuousClock.now - begun) / .seconds(1))")
}

let words = Array(CommandLine.arguments.dropFirst())
guard words.count == 7, words[0] == "send-file" else {
    FileHandle.standardError.write(Data("usage: contestant send-file PORT ROOT USER PASSWORD KEY FILE\n".utf8))
    exit(2)
}
try await sendFile(Array(words.dropFirst()))
