import Foundation
import Postseal
import Testing

/// What a POP3 session does besides the scenarios.
@Suite struct Pop3Tests {
    let server: MailServer

    init() throws {
        server = try MailServer()
        for number in 1...3 {
            try server.command("deliver", ["user": server.hello.users[0].address, "message": "Subject: \(number)\n\nMessage \(number).\n"])
        }
    }

    private func session() async throws -> Pop3Session {
        try await .connect(to: server.pop3, as: server.credentials(), connector: server.connector())
    }

    @Test func messagesAreRetrievedWholeInChunksAndTogether() async throws {
        let session = try await session()
        let listed = try await session.messages()
        #expect(listed.map(\.number) == [1, 2, 3])
        #expect(try await session.stat().messages == 3)
        #expect(session.hasCapability("UIDL") == true && session.hasCapability("NO-SUCH") == false)

        let whole = try await session.message(2)
        #expect(whole.subject == "2")
        let steps = Steps()
        var chunks = Data()
        for try await chunk in try await session.retrieve(2, progress: steps.step) {
            chunks += chunk
        }
        #expect(chunks == whole.data)
        #expect(steps.all.last?.done == chunks.count)
        #expect(try await session.top(2).starts(with: Data("Subject: 2\r\n".utf8)))

        var subjects: [String?] = []
        for try await retrieved in try session.retrieveAll(listed) {
            subjects.append(try retrieved.data.map(Message.init)?.subject)
        }
        #expect(subjects == ["1", "2", "3"])
        try await session.close()
    }

    @Test func onlyQuitDeletes() async throws {
        let marking = try await session()
        try await marking.delete(1)
        try await marking.reset()
        #expect(try await marking.deleteAll([1, 2]) == [nil, nil])
        try await marking.close()

        let deleting = try await session()
        #expect(try await deleting.stat().messages == 3)
        try await deleting.delete(3)
        #expect(try await deleting.quit() == .committed(deleted: 1))
        let after = try await session()
        #expect(try await after.stat().messages == 2)
        try await after.close()
    }

    @Test func whatWasSeenIsRemembered() async throws {
        let session = try await session()
        let listed = try await session.messages()
        let seen = try SeenUids()
        #expect(try seen.newMessages(in: listed) == listed)
        #expect(try seen.mark(listed[0]))
        let again = try SeenUids(seen.save())
        #expect(again.count == 1)
        #expect(try again.hasSeen(listed[0]) && !again.hasSeen(listed[1]))
        #expect(try again.newMessages(in: listed) == Array(listed[1...]))
        #expect(try again.messagesToDelete(in: listed, after: .seconds(3600)).isEmpty)
        #expect(try again.messagesToDelete(in: listed, after: .zero) == [listed[0]])
        try again.forget(notIn: Array(listed[1...]))
        #expect(again.count == 0)
        try await session.close()
    }
}
