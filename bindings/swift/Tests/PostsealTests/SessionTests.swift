import Foundation
import Postseal
import Testing

/// The main job, once for each server: Alice seals a message and sends it; Bob is told of it, fetches it and opens it.
@Suite struct SessionTests {
    @Test func aSealedMessageGoesRoundInMemory() async throws {
        try await sendSealedMessageRound(try MailServer())
    }

    @Test(.enabled(if: MailServer.live != nil, "no Dovecot and Postfix"))
    func aSealedMessageGoesRoundThroughDovecotAndPostfix() async throws {
        try await sendSealedMessageRound(try #require(MailServer.live))
    }

    private func sendSealedMessageRound(_ server: MailServer) async throws {
        let (alice, bob) = (server.hello.users[0], server.hello.users[1])
        let keyring = Keyring()
        for user in [alice, bob] {
            keyring.add(try await SecretKey.generate(for: Mailbox(address: user.address), profile: .modern).key)
        }
        let connector = try server.connector()

        let inbox = try await ImapSession.connect(to: server.imap, as: server.credentials(1), connector: connector)
        let watch = try await inbox.watch("INBOX")
        let outbox = try await SmtpSession.connect(to: server.smtp, as: server.credentials(0), connector: connector)
        let draft = Draft(
            from: Mailbox(address: alice.address, name: "Alice"), to: [Mailbox(address: bob.address)], subject: "Tonight",
            text: "Eight, at the harbour.\n")
        let receipt = try await outbox.send(try await keyring.seal(draft).copies[0])
        #expect(receipt.isSentToAll)
        try await outbox.close()

        for try await change in watch {
            guard case .exists = change else { continue }
            break
        }
        let validity = try await inbox.examine("INBOX").uidValidity
        var fetched: [Fetched] = []
        for try await message in try inbox.fetch(.all(validity: validity), in: "INBOX", items: FetchItems(flags: true, whole: true)) {
            fetched.append(message)
        }
        let message = try #require(fetched.last)
        let opened = try await keyring.open(try #require(message.whole))
        #expect(opened.verdict.level == .sealed)
        #expect(opened.message.subject == "Tonight")
        #expect(opened.message.text == "Eight, at the harbour.\n")
        let again = try await inbox.message(message.uid, in: "INBOX")
        #expect(again.data == message.whole)
        try await inbox.close()
    }
}
