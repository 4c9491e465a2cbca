import Foundation
import Postseal
import Testing

/// The scenarios of tests/vectors/scenarios.json, under their names.
@Suite struct ScenarioTests {
    @Test func connectRefused() async throws {
        let scenario = try Scenario()
        defer { scenario.everythingWasRead() }
        let port = try #require(try scenario.server.command("free-port").port)
        for kind in Scenario.Kind.allCases {
            try await scenario.failure("\(kind)") { _ = try await scenario.connect(kind, port: port) }
        }
    }

    @Test func wrongCertificate() async throws {
        let scenario = try Scenario()
        defer { scenario.everythingWasRead() }
        let suspicious = try Connector(tls: TlsOptions(roots: [scenario.server.hello.other_ca], onlyGivenRoots: true))
        for kind in Scenario.Kind.allCases {
            let error = try await scenario.failure("\(kind)") {
                _ = try await scenario.connect(kind, connector: suspicious)
            }
            let fault = try #require(error.facts.certificate)
            #expect(kebab("\(fault.reason)") == scenario.expect["reason"])
            #expect(fault.host == scenario.expect["host"])
            let hash = try #require(fault.chain.first?.keyHash)
            #expect(hash.filter(\.isHexDigit).count == scenario.expect["key_hash_digits"])

            let pin = HostKey(host: fault.host, keyHash: hash)
            let pinned = try Connector(
                tls: TlsOptions(roots: [scenario.server.hello.other_ca], onlyGivenRoots: true, trustedKeys: [pin]))
            try await scenario.connect(kind, connector: pinned).close()
        }
    }

    @Test func loginRefused() async throws {
        let scenario = try Scenario()
        defer { scenario.everythingWasRead() }
        let password = try scenario.given.text("password")
        let wrong = try Credentials.password(password, user: scenario.server.hello.users[0].address)
        for kind in Scenario.Kind.allCases {
            let error = try await scenario.failure("\(kind)") {
                _ = try await scenario.connect(kind, credentials: wrong)
            }
            #expect(error.facts.refusal != nil)
            #expect(!"\(error) \(error.facts)".contains(password))
        }
    }

    @Test func sendWithOneBadRecipient() async throws {
        let scenario = try Scenario()
        defer { scenario.everythingWasRead() }
        let session = try await scenario.connect(.smtp) as! SmtpSession
        let receipt = try await session.send(try await scenario.message())
        #expect(name(of: receipt.delivery) == scenario.expect["delivery"])
        #expect(receipt.isSent == scenario.expect["is_sent"])
        #expect(receipt.isSentToAll == scenario.expect["is_sent_to_all"])
        let refused = try scenario.expect.all("refused")
        let outcomes = receipt.recipients.filter { $0.refusal != nil }
        #expect(outcomes.map(\.address) == refused.map { $0["address"] })
        #expect(outcomes.map { $0.refusal?.smtpCode.map(Int.init) } == refused.map { $0["smtp_code"] })
        #expect(outcomes.map { $0.refusal?.enhancedCode } == refused.map { $0["enhanced_code"] })
        #expect(try scenario.messagesOfBob().count == scenario.expect["messages_of_bob"])
    }

    @Test func lostReply() async throws {
        let scenario = try Scenario()
        defer { scenario.everythingWasRead() }
        let session = try await scenario.connect(.smtp) as! SmtpSession
        let receipt = try await session.send(try await scenario.message())
        guard case .unknown(let because) = receipt.delivery else { throw Unexpected("\(receipt.delivery)") }
        #expect(name(of: receipt.delivery) == scenario.expect["delivery"])
        #expect(because.code == scenario.expect["because"])
        #expect(receipt.isSent == scenario.expect["is_sent"])
        #expect(session.isClosed == scenario.expect["is_closed"])
        #expect(try scenario.messagesOfBob().count == scenario.expect["messages_of_bob"])
    }

    @Test func idleWakes() async throws {
        let scenario = try Scenario()
        defer { scenario.everythingWasRead() }
        let session = try await scenario.connect(.imap) as! ImapSession
        let changes = try await session.watch("INBOX").makeAsyncIterator()
        try scenario.server.command(
            "deliver", ["user": scenario.server.hello.users[0].address, "message": try scenario.given.text("message")])
        var iterator = changes
        let count = Int64(try scenario.expect.number("count"))
        #expect(try await iterator.next() == .exists(count: count) && scenario.expect["change"] == "exists")
    }

    @Test func fetchAndOpen() async throws {
        let scenario = try Scenario()
        defer { scenario.everythingWasRead() }
        let keyring = try await scenario.keyring()
        let outbox = try await scenario.connect(.smtp) as! SmtpSession
        try await outbox.send(try await keyring.seal(scenario.draft()).copies[0])

        let inbox = try await scenario.connect(.imap, credentials: scenario.server.credentials(1)) as! ImapSession
        let uid = try #require(try await inbox.search("INBOX", for: .all).first)
        let message = try await inbox.message(uid, in: "INBOX")
        #expect(message.subject == scenario.expect["outer_subject"])
        let opened = try await keyring.open(message)
        #expect("\(opened.verdict.level)" == scenario.expect["level"])
        #expect(opened.verdict.reasons.map(\.id) == scenario.expect["reasons"])
        #expect(opened.message.subject == scenario.given["subject"])
        #expect(opened.message.text == scenario.given["text"])
    }

    @Test func tamperedMessage() async throws {
        let scenario = try Scenario()
        defer { scenario.everythingWasRead() }
        let keyring = try await scenario.keyring()
        let sealed = try await keyring.seal(scenario.draft()).copies[0].data
        var lines = String(decoding: sealed, as: UTF8.self).components(separatedBy: "\r\n")
        let (begin, end) = (
            try #require(lines.firstIndex { $0.hasPrefix("-----BEGIN PGP") }),
            try #require(lines.firstIndex { $0.hasPrefix("-----END PGP") })
        )
        let middle = (begin + end) / 2
        lines[middle] = (lines[middle].hasPrefix("A") ? "B" : "A") + lines[middle].dropFirst()
        let changed = Data(lines.joined(separator: "\r\n").utf8)
        try await scenario.failure { _ = try await keyring.open(changed) }
    }

    @Test func wrongPassphrase() async throws {
        let scenario = try Scenario()
        defer { scenario.everythingWasRead() }
        let (passphrase, wrong) = (try scenario.given.text("passphrase"), try scenario.given.text("wrong"))
        let key = try await SecretKey.generate(for: "alice@example.test", profile: scenario.profile(), passphrase: passphrase).key
        let error = try await scenario.failure { _ = try await key.unlock(passphrase: wrong) }
        #expect(!"\(error) \(error.facts)".contains(passphrase) && !"\(error) \(error.facts)".contains(wrong))
        #expect(try await key.unlock(passphrase: passphrase).fingerprint == key.fingerprint)
    }
}

/// `unknownIssuer` as `unknown-issuer`.
private func kebab(_ name: String) -> String {
    name.reduce(into: "") { $0 += $1.isUppercase ? "-" + $1.lowercased() : String($1) }
}

/// What became of a message, in the words of the scenarios.
private func name(of delivery: Delivery) -> String {
    switch delivery {
    case .sent: "sent"
    case .notSent: "not-sent"
    case .unknown: "unknown"
    }
}

/// Something that the scenario does not expect.
struct Unexpected: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
