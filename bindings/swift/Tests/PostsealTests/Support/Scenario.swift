import Foundation
import Postseal
import Testing

/// One of the scenarios that every language plays (tests/vectors/scenarios.json): what it is played with, what must come of it, and a server in memory that is
/// ready for it.
struct Scenario {
    let server: MailServer
    let given: Values
    let expect: Values

    /// The scenario of the test's own name: `connectRefused()` plays `connect_refused`.
    init(_ function: String = #function) throws {
        let name = Self.plain(String(function.prefix { $0 != "(" }))
        let file = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../../../../tests/vectors/scenarios.json")
        let all = try JSONSerialization.jsonObject(with: Data(contentsOf: file.standardizedFileURL)) as? [String: Any]
        let scenarios = all?["scenarios"] as? [[String: Any]] ?? []
        let found = try #require(
            scenarios.first { Self.plain($0["name"] as? String ?? "") == name }, "no scenario \(function)")
        given = Values(found["given"])
        expect = Values(found["expect"])
        server = try MailServer()
        for command in found["server"] as? [[String: Any]] ?? [] {
            try server.command(command["do"] as? String ?? "", command)
        }
    }

    private static func plain(_ name: String) -> String {
        name.replacingOccurrences(of: "_", with: "").lowercased()
    }

    /// Fails the test where something that the scenario gives or expects was not looked at.
    func everythingWasRead() {
        #expect(given.unread.isEmpty && expect.unread.isEmpty, "given: \(given.unread), expected: \(expect.unread)")
    }

    /// Values by their names. One that is asked for as something given, and is not there or of another kind, fails the test; so does what is compared with an
    /// expected one that is not.
    final class Values: @unchecked Sendable {
        private let values: [String: Any]
        private let lock = NSLock()
        private var read: Set<String> = []

        init(_ values: Any?) {
            self.values = values as? [String: Any] ?? [:]
        }

        var unread: [String] { lock.withLock { Set(values.keys).subtracting(read).sorted() } }

        subscript<Value>(_ name: String) -> Value? {
            _ = lock.withLock { read.insert(name) }
            return values[name] as? Value
        }

        func text(_ name: String) throws -> String { try value(name) }
        func texts(_ name: String) throws -> [String] { try value(name) }
        func number(_ name: String) throws -> Int { try value(name) }
        func list(_ name: String) throws -> [Any] { try value(name) }
        func all(_ name: String) throws -> [Values] { try (value(name) as [Any]).map(Values.init) }

        private func value<Value>(_ name: String) throws -> Value {
            try #require(self[name] as Value?, "the scenario has no \(name)")
        }
    }
}

// MARK: - What scenarios have in common

extension Scenario {
    /// What `action` throws, which must be the error that the scenario expects.
    @discardableResult
    func failure(
        _ what: String = "", of action: () async throws -> Void, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> PostsealError {
        var thrown: PostsealError?
        do {
            try await action()
        } catch let error as PostsealError {
            thrown = error
        }
        let error = try #require(thrown, "\(what) throws nothing", sourceLocation: sourceLocation)
        #expect(error.code.rawValue == expect["code"], "\(what): \(error)", sourceLocation: sourceLocation)
        #expect(error.isRetryable == expect["retryable"], "\(what): \(error)", sourceLocation: sourceLocation)
        if let usable: Bool = expect["session_usable"] {
            #expect(error.keepsSession == usable, "\(what): \(error)", sourceLocation: sourceLocation)
        }
        return error
    }

    /// The three protocols, each with a way to connect.
    enum Kind: CaseIterable {
        case smtp, imap, pop3
    }

    /// Connects by one protocol; what is not given is as the server says.
    func connect(
        _ kind: Kind, port: UInt16? = nil, connector: Connector? = nil, credentials: Credentials? = nil
    ) async throws -> any Session {
        let connector = try connector ?? server.connector()
        let credentials = try credentials ?? server.credentials()
        func endpoint(_ usual: Server) -> Server {
            Server(host: usual.host, port: port.map(Int32.init) ?? usual.port, security: usual.security)
        }
        switch kind {
        case .smtp:
            return try await SmtpSession.connect(to: endpoint(server.smtp), as: credentials, connector: connector)
        case .imap:
            return try await ImapSession.connect(to: endpoint(server.imap), as: credentials, connector: connector)
        case .pop3:
            return try await Pop3Session.connect(to: endpoint(server.pop3), as: credentials, connector: connector)
        }
    }

    /// A draft from alice, with what the scenario gives for it.
    func draft() -> Draft {
        let to: [String] = given["to"] ?? [server.hello.users[1].address]
        return Draft(
            from: Mailbox(address: server.hello.users[0].address), to: to.map { Mailbox(address: $0) },
            subject: given["subject"], text: given["text"])
    }

    /// A keyring with a new key for each of the first two users.
    func keyring() async throws -> Keyring {
        let (keyring, profile) = (Keyring(), try profile())
        for user in server.hello.users.prefix(2) {
            keyring.add(try await SecretKey.generate(for: Mailbox(address: user.address), profile: profile).key)
        }
        return keyring
    }

    /// The kind of keys that the scenario asks for.
    func profile() throws -> KeyProfile {
        switch try given.text("profile") {
        case "modern": .modern
        case "compatible": .compatible
        case let unknown: throw Unexpected("no profile \(unknown)")
        }
    }

    /// A plain message of alice's to those that the scenario names.
    func message() async throws -> SealedCopy {
        try await Keyring().seal(draft(), as: .unprotected).copies[0]
    }

    /// What arrived for bob.
    func messagesOfBob() throws -> [Data] {
        try server.command("messages", ["user": server.hello.users[1].address]).messages ?? []
    }
}

/// What the sessions of the three protocols have in common.
protocol Session: Sendable {
    func noop() async throws(PostsealError)
    func close() async throws(PostsealError)
    var isClosed: Bool { get }
}

extension SmtpSession: Session {}
extension ImapSession: Session {}
extension Pop3Session: Session {}
