import PostsealFFI

extension PostsealError {
    /// The error of the generated code, whose kinds are cases with the same four things in each.
    init(raw: PostsealFFI.PostsealError) {
        switch raw {
        case let .InvalidInput(code, detail, retryable, usable, field):
            self.init(code, detail, retryable, usable) { $0.field = field }
        case let .Unsupported(code, detail, retryable, usable, `extension`):
            self.init(code, detail, retryable, usable) { $0.extension = `extension` }
        case let .Refused(code, detail, retryable, usable, refusal),
            let .LoginRefused(code, detail, retryable, usable, refusal):
            self.init(code, detail, retryable, usable) { $0.refusal = refusal }
        case let .LimitExceeded(code, detail, retryable, usable, limit):
            self.init(code, detail, retryable, usable) { $0.limit = limit.map { Int(clamping: $0) } }
        case let .Certificate(code, detail, retryable, usable, fault):
            self.init(code, detail, retryable, usable) { $0.certificate = fault }
        case let .Timeout(code, detail, retryable, usable, step, after):
            self.init(code, detail, retryable, usable) {
                $0.step = step
                $0.deadline = after.map(Duration.init(seconds:))
            }
        case let .Network(code, detail, retryable, usable, step):
            self.init(code, detail, retryable, usable) { $0.step = step }
        case let .Closed(code, detail, retryable, usable, because):
            self.init(code, detail, retryable, usable) { $0.because = because.map(ErrorCode.init(rawValue:)) }
        case let .UidValidityChanged(code, detail, retryable, usable, expected, actual):
            self.init(code, detail, retryable, usable) {
                $0.expectedUidValidity = expected.map(Int.init)
                $0.actualUidValidity = actual.map(Int.init)
            }
        case let .KeyMissing(code, detail, retryable, usable, missing, keys, takesPassphrase):
            self.init(code, detail, retryable, usable) {
                $0.missing = missing
                $0.keys = keys
                $0.takesPassphrase = takesPassphrase
            }
        case let .Protocol(code, detail, retryable, usable),
            let .Tls(code, detail, retryable, usable),
            let .Cancelled(code, detail, retryable, usable),
            let .NotFound(code, detail, retryable, usable),
            let .WrongPassphrase(code, detail, retryable, usable),
            let .Tampered(code, detail, retryable, usable),
            let .Malformed(code, detail, retryable, usable),
            let .Forked(code, detail, retryable, usable),
            let .Internal(code, detail, retryable, usable):
            self.init(code, detail, retryable, usable) { _ in }
        }
    }

    private init(_ code: String, _ detail: String, _ retryable: Bool, _ usable: Bool, facts learn: (inout Facts) -> Void) {
        var facts = Facts()
        learn(&facts)
        self.init(
            code: ErrorCode(rawValue: code), detail: detail, isRetryable: retryable, keepsSession: usable, facts: facts)
    }
}
