import Foundation
import Postseal
import Testing

/// What an IMAP session does besides the scenarios.
@Suite struct ImapTests {
    let server: MailServer

    init() throws {
        server = try MailServer()
    }

    private func session() async throws -> ImapSession {
        try await .connect(to: server.imap, as: server.credentials(), connector: server.connector())
    }

    private func letter(_ subject: String) -> Data {
        Data("From: bob@example.test\r\nSubject: \(subject)\r\n\r\nHello.\r\n".utf8)
    }

    @Test func mailboxesAreMadeRenamedAndRemoved() async throws {
        let session = try await session()
        try await session.create("Work")
        try await session.subscribe(to: "Work")
        try await session.rename("Work", to: "Arbeit")
        let names = try await session.mailboxes().map(\.name)
        #expect(names.contains("Arbeit") && !names.contains("Work"))
        try await session.unsubscribe(from: "Work")
        try await session.delete("Arbeit")
        #expect(try await !session.mailboxes().map(\.name).contains("Arbeit"))
        #expect(session.capabilities.contains("IMAP4REV1") && session.tls?.version == .tls13)
        #expect(session.takeAlerts().isEmpty)
        try await session.close()
    }

    @Test func messagesAreAppendedFoundFlaggedMovedAndRemoved() async throws {
        let session = try await session()
        let received = Date(timeIntervalSince1970: 1_750_000_000)
        let first = try #require(try await session.append(letter("one"), to: "INBOX", flags: [.seen], received: received))
        let second = try #require(try await session.append(letter("two"), to: "INBOX"))
        #expect(try await session.status(of: "INBOX").messages == 2)
        #expect(try await session.search("INBOX", for: .from("bob") && !.subject("two")) == [first])
        #expect(try await session.search("INBOX", for: .with(.seen) || .subject("two")) == [first, second])
        #expect(try await session.search("INBOX", for: .since(.init(2025, 6, 15)) && .smaller(than: 10_000)).count == 2)

        try await session.store(.add(flags: [.flagged]), for: [first], in: "INBOX")
        var fetched: [Fetched] = []
        let items = FetchItems(flags: true, size: true, received: true, headerFields: ["Subject"])
        for try await message in try session.fetch([first, second], in: "INBOX", items: items) {
            fetched.append(message)
        }
        #expect(fetched.map(\.uid) == [first, second])
        #expect(Set(fetched[0].flags ?? []).isSuperset(of: [.seen, .flagged]))
        #expect(fetched[0].received == received && fetched[0].size == Int64(letter("one").count))
        #expect(fetched[1].header == Data("Subject: two\r\n\r\n".utf8))

        try await session.create("Elsewhere")
        let moved = try await session.move([first], from: "INBOX", to: "Elsewhere")
        #expect(moved.map(\.before) == [first])
        #expect(try await session.copy([second], from: "INBOX", to: "Elsewhere").map(\.before) == [second])
        #expect(try await session.status(of: "Elsewhere").messages == 2)
        try await session.store(.add(flags: [.deleted]), for: .all(validity: second.validity), in: "INBOX")
        try await session.expunge([second], in: "INBOX")
        try await session.expunge("INBOX")
        #expect(try await session.select("INBOX").exists == 0)
        try await session.close()
    }

    @Test func aStreamThatIsStoppedEnds() async throws {
        let session = try await session()
        let uid = try #require(try await session.append(letter("one"), to: "INBOX"))
        let stream = try session.fetch([uid], in: "INBOX", items: FetchItems(size: true))
        await stream.stop()
        var iterator = stream.makeAsyncIterator()
        #expect(try await iterator.next() == nil)

        let watch = try await session.watch("INBOX")
        let waiting = Task {
            var changes = watch.makeAsyncIterator()
            return try await changes.next()
        }
        await watch.stop()
        #expect(try await waiting.value == nil)
        try await session.close()
    }

    @Test func aRebuiltMailboxIsNoticed() async throws {
        let session = try await session()
        let validity = try await session.examine("INBOX").uidValidity
        let stale = Uid(validity: validity + 1, number: 1)
        do {
            _ = try await session.message(stale, in: "INBOX")
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.code == .uidValidityChanged && error.keepsSession)
            #expect(error.facts.expectedUidValidity == Int(validity) + 1 && error.facts.actualUidValidity == Int(validity))
        }
        try await session.close()
    }
}
