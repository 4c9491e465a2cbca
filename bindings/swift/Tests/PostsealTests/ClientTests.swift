import Foundation
import Postseal
import Testing

/// A mail client at work, in memory and with Dovecot and Postfix.
@Suite struct ClientTests {
    @Test func aMailboxIsReadInMemory() async throws {
        try await readMailbox(try MailServer())
    }

    @Test(.enabled(if: MailServer.live != nil, "no Dovecot and Postfix"))
    func aMailboxIsReadWithDovecotAndPostfix() async throws {
        try await readMailbox(try #require(MailServer.live))
    }

    /// Bob is sent mail, sees it come, reads it, and tidies up.
    private func readMailbox(_ server: MailServer) async throws {
        let keyring = Keyring()
        for user in server.hello.users.prefix(2) {
            keyring.add(try await SecretKey.generate(for: Mailbox(address: user.address)).key)
        }
        let (alice, bob) = (try client(0, of: server, keyring), try client(1, of: server, keyring))
        #expect(try await bob.mailboxes().contains { $0.role == .inbox })

        let watch = try await bob.watch("INBOX")
        let subject = UUID().uuidString
        let draft = Draft(
            from: Mailbox(address: server.hello.users[0].address), to: [Mailbox(address: server.hello.users[1].address)],
            subject: subject, text: "Hello.\n")
        let steps = Steps()
        #expect(try await alice.send(draft, progress: steps.step).isSentToAll)
        #expect(steps.all.last.map { $0.done == $0.total } == true)

        let arrived = try await firstMessage(of: watch)
        #expect(arrived.isRead == false && arrived.subject == "[...]")
        try await watch.close()
        #expect(try await bob.open(arrived.handle).message.subject == subject)
        #expect(try await bob.fetch(arrived.handle).size == Int(arrived.size))

        try await bob.mark(arrived.handle)
        try await bob.store(.add(flags: [.flagged]), for: arrived.handle)
        let page = try await bob.page(of: "INBOX", count: 1)
        #expect(page.messages.map(\.handle) == [arrived.handle])
        #expect(page.messages[0].isRead == true && page.messages[0].isFlagged == true)
        #expect(try await bob.messages(in: "INBOX").last?.handle == arrived.handle)
        #expect(try await bob.inbox().contains { $0.handle == arrived.handle })

        switch try await bob.delete(arrived.handle) {
        case .trashed(let handle): _ = try await bob.move(try #require(handle), to: "INBOX")
        case .removed, .marked: break
        }
        try await alice.close()
        try await bob.close()
    }

    private func firstMessage(of watch: MailWatch) async throws -> MessageSummary {
        for try await change in watch {
            if case .arrived(let messages) = change, let first = messages.first {
                return first
            }
        }
        throw Unexpected("the watch ended")
    }

    private func client(_ user: Int, of server: MailServer, _ keyring: Keyring) throws -> MailClient {
        let credentials = try server.credentials(user)
        let account = Account(
            mailbox: Mailbox(address: server.hello.users[user].address), submission: .init(server.smtp, as: credentials),
            incoming: .imap(.init(server.imap, as: credentials)))
        return try MailClient(account, keyring: keyring, connector: server.connector())
    }

    @Test func aMaildropIsReadByPop3() async throws {
        let server = try MailServer()
        try server.command("deliver", ["user": server.hello.users[0].address, "message": "Subject: one\n\nOne.\n"])
        let credentials = try server.credentials()
        let account = Account(
            mailbox: "alice@example.test", submission: .init(server.smtp, as: credentials),
            incoming: .pop3(.init(server.pop3, as: credentials)))
        let client = try MailClient(account, keyring: Keyring(), connector: server.connector())
        let inbox = try await client.inbox()
        #expect(inbox.map(\.subject) == ["one"])
        #expect(try await client.open(inbox[0].handle).verdict.level == .plain)
        #expect(try await client.delete(inbox[0].handle) == .removed)
        try await client.close()
    }
}
