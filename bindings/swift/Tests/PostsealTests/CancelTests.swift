import Foundation
import Postseal
import Testing

/// The scenarios of tests/vectors/scenarios.json about giving up, deadlines and the end of sessions.
@Suite struct CancelTests {
    @Test func cancelBeforeStart() async throws {
        let scenario = try Scenario()
        defer { scenario.everythingWasRead() }
        let mailbox = try scenario.given.text("mailbox")
        let session = try await scenario.connect(.imap) as! ImapSession
        try await scenario.failure {
            try await Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await session.create(mailbox)
            }.value
        }
        #expect(try scenario.server.command("heard", ["text": mailbox]).times == scenario.expect["heard"])
        try await session.noop()
    }

    /// The language's own way is the one with a token, too: each call of the face has one, which the cancelled task fires.
    @Test func cancelInTheMiddle() async throws {
        let scenario = try Scenario()
        defer { scenario.everythingWasRead() }
        let message = try scenario.given.text("message")
            + String(repeating: "And one line more.\n", count: try scenario.given.number("lines"))
        try scenario.server.command("deliver", ["user": scenario.server.hello.users[0].address, "message": message])
        let session = try await scenario.connect(.imap) as! ImapSession
        let uid = try #require(try await session.search("INBOX", for: .all).first)

        let fetching = Task { try await session.message(uid, in: "INBOX") }
        try await Task.sleep(for: .milliseconds(try scenario.given.number("after_millis")))
        let cancelled = ContinuousClock.now
        fetching.cancel()
        try await scenario.failure { _ = try await fetching.value }
        let (took, most) = (ContinuousClock.now - cancelled, try scenario.expect.number("ends_within_millis"))
        #expect(took < .milliseconds(most))
        try await session.noop()
        #expect(!session.isClosed)
    }

    @Test func timeout() async throws {
        let scenario = try Scenario()
        defer { scenario.everythingWasRead() }
        let progress = Duration.milliseconds(try scenario.given.number("progress_millis"))
        let hasty = try scenario.server.connector(timeouts: Timeouts(progress: progress))
        for kind in Scenario.Kind.allCases {
            let session = try await scenario.connect(kind, connector: hasty)
            let error = try await scenario.failure("\(kind)") { try await session.noop() }
            #expect(error.facts.deadline == progress)
            #expect(session.isClosed == scenario.expect["is_closed"])
        }
    }

    @Test func closeTwice() async throws {
        let scenario = try Scenario()
        defer { scenario.everythingWasRead() }
        for kind in Scenario.Kind.allCases {
            let session = try await scenario.connect(kind)
            try await session.close()
            async let one: Void = session.close()
            async let other: Void = session.close()
            _ = try await (one, other)
            #expect(session.isClosed == scenario.expect["is_closed"])
        }
    }

    @Test func useAfterClose() async throws {
        let scenario = try Scenario()
        defer { scenario.everythingWasRead() }
        for kind in Scenario.Kind.allCases {
            let session = try await scenario.connect(kind)
            try await session.close()
            try await scenario.failure("\(kind)") { try await session.noop() }
        }
    }

    /// A task tidies up after it was cancelled: closing is not given up.
    @Test func aCancelledTaskClosesItsSession() async throws {
        let server = try MailServer()
        let session = try await ImapSession.connect(to: server.imap, as: server.credentials(), connector: server.connector())
        try await Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await session.close()
        }.value
        #expect(session.isClosed)
    }

    @Test func concurrentUseOfOneSession() async throws {
        let scenario = try Scenario()
        defer { scenario.everythingWasRead() }
        let session = try await scenario.connect(.imap) as! ImapSession
        let calls = try scenario.given.number("calls")
        let counts = try await withThrowingTaskGroup(of: Int64?.self) { group in
            for _ in 0..<calls {
                group.addTask { try await session.status(of: "INBOX").messages }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let expected = Int64(try scenario.expect.number("messages"))
        #expect(counts == Array(repeating: expected, count: calls))
    }
}
