import Foundation
import Postseal
import Testing

/// The README's code: it stands here in the same words, and runs.
@Suite struct ReadmeTests {
    @Test func theReadmeHasThisCode() throws {
        let own = try String(contentsOf: URL(fileURLWithPath: #filePath), encoding: .utf8)
        let page = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../README.md").standardizedFileURL
        let readme = try String(contentsOf: page, encoding: .utf8)
        let blocks = readme.components(separatedBy: "```swift\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
        let code = blocks.map { $0.replacingOccurrences(of: "import Foundation\nimport Postseal\n\n", with: "") }
        #expect(code.count == 3)
        for block in code {
            #expect(own.contains(block), "not in this file:\n\(block)")
        }
    }

    @Test func whatTheReadmeSendsIsReadAsItSays() async throws {
        let server = try MailServer()
        let bob = try await SecretKey.generate(for: "Bob <bob@example.test>").key
        let alice = try await SecretKey.generate(for: "Alice <alice@example.test>").key
        let report = try await sendSealed(
            key: alice, bob: bob.certificate.export(), password: server.hello.users[0].password, server: server.smtp,
            connector: server.connector())
        #expect(report.isSentToAll)

        let keyring = Keyring()
        keyring.add(bob)
        keyring.add(alice.certificate)
        let session = try await ImapSession.connect(
            to: server.imap, as: server.credentials(1), connector: server.connector())
        #expect(try await readInbox(session, keyring: keyring) == ["sealed: Tonight"])
    }

    @Test func theReadmeTellsErrorsApart() async throws {
        let server = try MailServer()
        let wrong = try Credentials.password("wrong", user: "alice@example.test")
        let (imap, connector) = (server.imap, try server.connector())
        #expect(await connect(to: imap, as: wrong, connector: connector)?.isClosed == nil)
        let right = try await connect(to: imap, as: server.credentials(), connector: connector)
        #expect(right?.isClosed == false)
    }
}

func sendSealed(
    key: SecretKey, bob: Data, password: String, server: Server, connector: Connector
) async throws -> SendReport {
    let keyring = Keyring()
    keyring.add(key)
    keyring.add(try Certificate(importing: bob))
    let login = Account.Login(server, as: try .password(password, user: "alice@example.test"))
    let account = Account(mailbox: "Alice <alice@example.test>", submission: login)
    let client = try MailClient(account, keyring: keyring, connector: connector)
    return try await client.send(
        Draft(from: account.mailbox, to: ["bob@example.test"], subject: "Tonight", text: "Eight, at the harbour."))
}

func readInbox(_ session: ImapSession, keyring: Keyring) async throws -> [String] {
    let uids = UidSet.all(validity: try await session.examine("INBOX").uidValidity)
    var lines: [String] = []
    for try await fetched in try session.fetch(uids, in: "INBOX", items: FetchItems(whole: true)) {
        guard let data = fetched.whole else { continue }
        let opened = try await keyring.open(data)
        lines.append("\(opened.verdict.level): \(opened.message.subject ?? "")")
    }
    return lines
}

func connect(to server: Server, as credentials: Credentials, connector: Connector) async -> ImapSession? {
    do {
        return try await ImapSession.connect(to: server, as: credentials, connector: connector)
    } catch {
        switch error.code {
        case .loginRefused: print("ask for the password again:", error.facts.refusal?.text ?? "")
        case .certificate: print("show this to a person:", error.facts.certificate?.chain.first?.keyHash ?? "")
        case _ where error.isRetryable: print("try again later:", error.detail)
        default: print(error)
        }
        return nil
    }
}
