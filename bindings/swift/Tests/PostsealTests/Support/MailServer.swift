import Foundation
import Postseal

/// A mail server that runs as a program of its own for as long as this object lives: the one in memory, or Dovecot and Postfix.
///
/// It says in one line of JSON where it listens, and answers each line of JSON that it is given with another one.
final class MailServer: @unchecked Sendable {
    private let process = Process()
    private let commands = Pipe()
    private let answers = Pipe()
    private let lock = NSLock()
    private var unread = Data()
    private(set) var hello: Hello!

    /// Where the server listens, whom it lets in, and what vouches for it.
    struct Hello: Decodable, Sendable {
        struct Ports: Decodable, Sendable {
            let tls: UInt16
            let starttls: UInt16
        }

        struct User: Decodable, Sendable {
            let address: String
            let password: String
        }

        let host: String
        let smtp: Ports
        let imap: Ports
        let pop3: Ports
        let ca: String
        let other_ca: String
        let users: [User]
    }

    /// What a command came to; each command has some of these.
    struct Answer: Decodable, Sendable {
        struct Accepted: Decodable, Sendable {
            let from: String?
            let to: [String]
            let base64: Data
        }

        let error: String?
        let messages: [Data]?
        let accepted: [Accepted]?
        let open: Int?
        let times: Int?
        let port: UInt16?
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Starts the program that an environment variable names.
    init(_ variable: String = "POSTSEAL_TEST_SERVER") throws {
        guard let program = ProcessInfo.processInfo.environment[variable] else {
            throw Failure(description: "\(variable) is not set: run `cargo xtask bindings swift`")
        }
        process.executableURL = URL(fileURLWithPath: program)
        process.standardInput = commands
        process.standardOutput = answers
        try process.run()
        hello = try JSONDecoder().decode(Hello.self, from: nextLine())
    }

    /// The server ends with its standard input.
    deinit {
        try? commands.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// Has the server do something.
    @discardableResult
    func command(_ name: String, _ arguments: [String: Any] = [:]) throws -> Answer {
        let command = arguments.merging(["do": name]) { given, _ in given }
        lock.lock()
        defer { lock.unlock() }
        try commands.fileHandleForWriting.write(
            contentsOf: try JSONSerialization.data(withJSONObject: command) + Data("\n".utf8))
        let answer = try JSONDecoder.base64.decode(Answer.self, from: nextLine())
        if let error = answer.error {
            throw Failure(description: "\(name): \(error)")
        }
        return answer
    }

    private func nextLine() throws -> Data {
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                defer { unread = Data(unread[(end + 1)...]) }
                return Data(unread[..<end])
            }
            let more = answers.fileHandleForReading.availableData
            if more.isEmpty {
                throw Failure(description: "the server ended")
            }
            unread += more
        }
    }
}

extension JSONDecoder {
    fileprivate static var base64: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.dataDecodingStrategy = .base64
        return decoder
    }
}

extension MailServer {
    /// A connector that trusts this server, and nobody else.
    func connector(timeouts: Timeouts = Timeouts(), log: LogHandler? = nil) throws -> Connector {
        try Connector(tls: TlsOptions(roots: [hello.ca], onlyGivenRoots: true), timeouts: timeouts, log: log)
    }

    var smtp: Server { Server(host: hello.host, port: Int32(hello.smtp.tls), security: .tls) }
    var imap: Server { Server(host: hello.host, port: Int32(hello.imap.tls), security: .tls) }
    var pop3: Server { Server(host: hello.host, port: Int32(hello.pop3.tls), security: .tls) }

    /// Somebody who can log in.
    func credentials(_ user: Int = 0) throws -> Credentials {
        try .password(hello.users[user].password, user: hello.users[user].address)
    }
}

extension MailServer {
    /// Dovecot and Postfix, where they can be started: once for all tests, since that takes them seconds.
    static let live = try? MailServer("POSTSEAL_LIVE_SERVER")
}
