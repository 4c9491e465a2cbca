#if os(Linux)
    import Foundation
    import Postseal
    import Testing

    /// Sessions that were closed leave nothing behind. The suite needs the process to itself: `swift test --no-parallel`.
    @Suite(.serialized) struct LeakTests {
        @Test func twoThousandSessionsLeaveNothingBehind() async throws {
            let server = try MailServer()
            let connector = try server.connector()
            let rounds = Scenario.Kind.allCases
            func open(_ sessions: Int) async throws {
                for number in 0..<sessions {
                    let session = try await connect(rounds[number % rounds.count], to: server, connector: connector)
                    try await session.noop()
                    try await session.close()
                }
            }

            // What is made once (threads, caches, the allocator's own reserves) is there before it is counted.
            try await open(400)
            let before = try Usage()
            try await open(2_000)
            let after = try Usage()
            #expect(after.descriptors <= before.descriptors + 2)
            #expect(after.kilobytes < before.kilobytes + 8 * 1024, "\(before) to \(after)")
            #expect(try server.command("connections").open == 0)
            print("2000 sessions: \(before) to \(after)")
        }

        /// 30 messages of 8 MB are sealed, opened and let go of.
        @Test func messagesThatAreLetGoOfLeaveNothingBehind() async throws {
            let keyring = Keyring()
            keyring.add(try await SecretKey.generate(for: "alice@example.test", profile: .modern).key)
            let noise = try Attachment(Data((0..<8_000_000).map { _ in UInt8.random(in: 0...255) }), fileName: "noise.bin")
            let draft = Draft(from: "alice@example.test", to: ["alice@example.test"], attachments: [noise])
            func sealAndOpen(_ messages: Int) async throws {
                for _ in 0..<messages {
                    let opened = try await keyring.open(keyring.seal(draft).copies[0].data)
                    #expect(opened.message.attachments.count == 1)
                }
            }

            try await sealAndOpen(10)
            let before = try Usage()
            try await sealAndOpen(20)
            let after = try Usage()
            #expect(after.kilobytes < before.kilobytes + 16 * 1024, "\(before) to \(after)")
            print("20 messages: \(before) to \(after)")
        }

        private func connect(
            _ kind: Scenario.Kind, to server: MailServer, connector: Connector
        ) async throws -> any Session {
            let credentials = try server.credentials()
            switch kind {
            case .smtp: return try await SmtpSession.connect(to: server.smtp, as: credentials, connector: connector)
            case .imap: return try await ImapSession.connect(to: server.imap, as: credentials, connector: connector)
            case .pop3: return try await Pop3Session.connect(to: server.pop3, as: credentials, connector: connector)
            }
        }

        /// What the process holds.
        struct Usage: CustomStringConvertible {
            let descriptors: Int
            let kilobytes: Int

            init() throws {
                descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
                let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
                kilobytes = status.firstMatch(of: /VmRSS:\s+(\d+) kB/).flatMap { Int($0.1) } ?? 0
            }

            var description: String { "\(descriptors) descriptors and \(kilobytes) KB" }
        }
    }
#endif
