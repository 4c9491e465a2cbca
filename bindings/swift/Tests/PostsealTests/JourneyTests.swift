import Foundation
import Postseal
import Testing

/// The scenarios of tests/vectors/scenarios.json that go from one person to another, and those in which the library calls the app.
@Suite struct JourneyTests {
    @Test func firstSealedMail() async throws {
        let scenario = try Scenario()
        defer { scenario.everythingWasRead() }
        let (server, keyring) = (scenario.server, try await scenario.keyring())
        func client(_ user: Int) throws -> MailClient {
            let credentials = try server.credentials(user)
            let account = Account(
                mailbox: Mailbox(address: server.hello.users[user].address), submission: .init(server.smtp, as: credentials),
                incoming: .imap(.init(server.imap, as: credentials)))
            return try MailClient(account, keyring: keyring, connector: server.connector())
        }

        let (alice, bob) = (try client(0), try client(1))
        let report = try await alice.send(scenario.draft())
        #expect(report.isSentToAll == scenario.expect["is_sent_to_all"])
        guard case .filed(let mailbox, _) = report.ownCopy else { throw Unexpected("\(report.ownCopy)") }
        #expect(scenario.expect["own_copy"] == "filed" && mailbox == scenario.expect["own_mailbox"])

        let inbox = try await bob.inbox()
        #expect(inbox.count == scenario.expect["inbox"])
        let summary = try #require(inbox.first)
        #expect(summary.subject == scenario.expect["outer_subject"])
        let opened = try await bob.open(summary.handle)
        #expect("\(opened.verdict.level)" == scenario.expect["level"])
        #expect(opened.message.text == scenario.given["text"])
        try await alice.close()
        try await bob.close()
    }

    @Test func attachmentOf25MbByPath() async throws {
        let scenario = try Scenario()
        defer { scenario.everythingWasRead() }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (bytes, name) = (try scenario.given.number("bytes"), try scenario.given.text("file_name"))
        let (source, target) = (folder.appendingPathComponent(name), folder.appendingPathComponent("saved"))
        // Each block differs from the others, so that one that is lost or doubled shows.
        let content = (0..<(bytes >> 20)).reduce(into: Data()) { $0 += Data(repeating: UInt8($1), count: 1 << 20) }
        #expect(content.count == bytes)
        try content.write(to: source)

        let keyring = try await scenario.keyring()
        var draft = scenario.draft()
        draft.attachments = [try await Attachment(contentsOf: source)]
        let outbox = try await scenario.connect(.smtp) as! SmtpSession
        let copy = try await keyring.seal(draft).copies[0]
        let sending = Steps()
        try await outbox.send(copy, progress: sending.step)
        #expect(sending.all.last == Steps.Step(done: copy.size, total: copy.size))

        let inbox = try await scenario.connect(.imap, credentials: scenario.server.credentials(1)) as! ImapSession
        let uid = try #require(try await inbox.search("INBOX", for: .all).first)
        let fetching = Steps()
        let opened = try await keyring.open(inbox.message(uid, in: "INBOX", progress: fetching.step))
        #expect(fetching.all.last == Steps.Step(done: copy.size, total: copy.size))
        let steps = fetching.all.map(\.done)
        // How many there are is the network's to say.
        #expect(steps.count > 1 && steps == steps.sorted())
        #expect("\(opened.verdict.level)" == scenario.expect["level"])
        let attachment = try #require(opened.message.attachments.first)
        #expect(attachment.fileName == scenario.expect["file_name"])
        #expect(attachment.size == scenario.expect["bytes"])
        try await attachment.save(to: target)
        #expect(try Data(contentsOf: target) == content)
    }

    @Test func tokenExpiredAndAskedAgain() async throws {
        let scenario = try Scenario()
        defer { scenario.everythingWasRead() }
        let provider = Tokens(try scenario.given.texts("tokens"))
        let credentials = try Credentials.tokens(from: provider, user: scenario.server.hello.users[0].address)
        try await scenario.connect(.imap, credentials: credentials).close()
        let expected = try scenario.expect.list("asked_with").map { $0 as? String }
        #expect(await provider.asked == expected)
    }

    @Test func tokenProviderThrows() async throws {
        struct Away: LocalizedError {
            let errorDescription: String?
        }
        struct Thrower: TokenProvider {
            let text: String
            func token(refused: String?) async throws -> String { throw Away(errorDescription: text) }
        }
        let scenario = try Scenario()
        defer { scenario.everythingWasRead() }
        let credentials = try Credentials.tokens(
            from: Thrower(text: try scenario.given.text("text")), user: scenario.server.hello.users[0].address)
        let error = try await scenario.failure { _ = try await scenario.connect(.imap, credentials: credentials) }
        #expect(error.facts.field == scenario.expect["field"])
        let detail = try scenario.expect.text("detail_contains")
        #expect(error.detail.contains(detail))
    }

    @Test func logSinkSeesNoSecret() async throws {
        let scenario = try Scenario()
        defer { scenario.everythingWasRead() }
        let user = scenario.server.hello.users[0]
        let (wrong, text) = (try scenario.given.text("password"), try scenario.given.text("text"))
        let lines = Lines()
        let connector = try scenario.server.connector(log: lines.add)
        for kind in Scenario.Kind.allCases {
            let refused = try Credentials.password(wrong, user: user.address)
            await #expect(throws: PostsealError.self) {
                _ = try await scenario.connect(kind, connector: connector, credentials: refused)
            }
            let session = try await scenario.connect(kind, connector: connector)
            if let outbox = session as? SmtpSession {
                try await outbox.send(try await scenario.message())
            }
            try await session.close()
        }
        let events = lines.all
        for proto in [Postseal.`Protocol`.smtp, .imap, .pop3] {
            let (heard, least) = (events.filter { $0.protocol == proto }.count, try scenario.expect.number("lines_at_least"))
            #expect(heard >= least, "\(proto)")
        }
        let secrets = [wrong, user.password, text].flatMap { [$0, Data($0.utf8).base64EncodedString()] }
        for event in events {
            #expect(!secrets.contains { "\(event)".contains($0) }, "\(event)")
        }
    }
}

/// Gives one token after another, and remembers with what it was asked.
actor Tokens: TokenProvider {
    private var tokens: [String]
    private(set) var asked: [String?] = []

    init(_ tokens: [String]) {
        self.tokens = tokens
    }

    func token(refused: String?) async throws -> String {
        asked.append(refused)
        return tokens.removeFirst()
    }
}

/// What a progress handler was told.
final class Steps: @unchecked Sendable {
    struct Step: Equatable {
        let done: Int
        let total: Int?
    }

    private let lock = NSLock()
    private var steps: [Step] = []

    var all: [Step] { lock.withLock { steps } }

    @Sendable func step(_ done: Int, _ total: Int?) {
        lock.withLock { steps.append(Step(done: done, total: total)) }
    }
}

/// What a log handler was told.
final class Lines: @unchecked Sendable {
    private let lock = NSLock()
    private var events: [LogEvent] = []

    var all: [LogEvent] { lock.withLock { events } }

    @Sendable func add(_ event: LogEvent) {
        lock.withLock { events.append(event) }
    }
}
