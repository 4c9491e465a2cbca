import PostsealFFI

extension PostsealError {
    /// The error of the generated code, of which each kind is a case.
    init(raw: PostsealFFI.PostsealError) {
        self.init(
            code: ErrorCode(rawValue: raw.code()), detail: raw.text(), isRetryable: raw.isRetryable(),
            keepsSession: raw.keepsSession(), facts: Facts(raw: raw))
    }
}

extension PostsealError.Facts {
    /// What is behind the three fields that every case has.
    fileprivate init(raw: PostsealFFI.PostsealError) {
        switch raw {
        case .InvalidInput(_, _, _, let field):
            self.field = field
        case .Unsupported(_, _, _, let what):
            self.what = what
        case .AlreadyExists(_, _, _, let path), .File(_, _, _, let path), .NotFound(_, _, _, let path):
            self.path = path
        case .Refused(_, _, _, let refusal), .LoginRefused(_, _, _, let refusal):
            self.refusal = refusal
        case .LimitExceeded(_, _, _, let limit):
            self.limit = limit.map(Int.init)
        case .Certificate(_, _, _, let fault):
            certificate = fault
        case .Timeout(_, _, _, let step, let after):
            self.step = step
            deadline = after.map(Duration.init(seconds:))
        case .Network(_, _, _, let step):
            self.step = step
        case .Closed(_, _, _, let because):
            self.because = because.map(ErrorCode.init(rawValue:))
        case .UidValidityChanged(_, _, _, let expected, let actual):
            expectedUidValidity = expected.map(Int.init)
            actualUidValidity = actual.map(Int.init)
        case .KeyMissing(_, _, _, let missing, let keys, let takesPassphrase):
            self.missing = missing
            self.keys = keys
            self.takesPassphrase = takesPassphrase
        case .Protocol, .Tls, .Cancelled, .WrongPassphrase, .Tampered, .Malformed, .Forked, .Internal:
            break
        }
    }
}
