import PostsealFFI

/// Carries out a call of the library so that cancelling the task that waits for it cancels the call.
///
/// A task that was cancelled before lets nothing begin. One that is cancelled meanwhile gets ``PostsealError`` with the code ``ErrorCode/cancelled`` at once; what the
/// call had begun on a session is carried to its end behind the scenes.
func call<Value: Sendable>(
    _ body: @Sendable (CancelToken) async throws -> Value
) async throws(PostsealError) -> Value {
    let token = CancelToken()
    do {
        return try await withTaskCancellationHandler {
            try await body(token)
        } onCancel: {
            token.cancel()
        }
    } catch {
        throw PostsealError(error)
    }
}

/// Carries out a call that ends something: in a cancelled task too, since that is where one tidies up.
func finish<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws(PostsealError) -> Value {
    do {
        return try await body()
    } catch {
        throw PostsealError(error)
    }
}

/// Carries out a call that does not wait.
func call<Value>(_ body: () throws -> Value) throws(PostsealError) -> Value {
    do {
        return try body()
    } catch {
        throw PostsealError(error)
    }
}
